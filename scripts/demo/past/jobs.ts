import { canonicalModelName } from '@foreman/ollama-client'
import { type Finish, type NewJob, newJobId } from '@foreman/store'
import type { Visit } from './plan.ts'

/** The past is that of a slower target, which has more to do. */
const SLOWNESS = { load: 2, words: 4 }
const PROMPT_MS = 300

const wordsIn = (text: string): string[] => text.match(/\s*\S+/g) ?? []
const nanoseconds = (ms: number): number => Math.round(ms * 1e6)

/** The canonical name of its model. */
export const nameOf = ({ model }: Pick<Visit, 'model'>): string =>
  canonicalModelName(model.name) ?? model.name

export const loadMsOf = ({ model }: Pick<Visit, 'model'>): number => model.loadMs * SLOWNESS.load

/** How long the target works on a job, without the load of its model. */
export const workMsOf = ({ model, exchange }: Visit): number =>
  Math.round(PROMPT_MS + (wordsIn(spoken(exchange)).length / model.tokensPerSecond) * SLOWNESS.words * 1000)

const spoken = ({ thought = '', answer }: Visit['exchange']): string => `${thought} ${answer}`.trim()

/** The job that the gateway would have made of it. */
export const jobOf = (
  { model, exchange, caller, priority = 'normal', batch, webhook }: Visit,
  at: number,
): NewJob => {
  const messages = [{ role: 'user', content: exchange.question }]
  return {
    id: newJobId(at),
    path: '/api/chat',
    endpoint: '/api/chat',
    model: model.name,
    modelName: nameOf({ model }),
    loadOptions: '{}',
    streaming: batch === undefined,
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(JSON.stringify({ model: model.name, messages, stream: batch === undefined })),
    caller,
    account: caller,
    sender: caller,
    priority,
    ...(webhook && { webhook }),
  }
}

/** What the target answered, and when. */
export const answerTo = (
  visit: Visit,
  {
    startedAt,
    loadedAt,
    now,
  }: { readonly startedAt: number; readonly loadedAt: number; readonly now: number },
): Finish => {
  if (visit.fate === 'fails') return refusal()
  const { model, exchange, batch } = visit
  const tokens = wordsIn(spoken(exchange)).length
  const [loadMs, answerMs] = [loadedAt - startedAt, now - loadedAt - PROMPT_MS]
  const promptTokens = wordsIn(exchange.question).length + 8
  const opening = { model: model.name, created_at: new Date(now).toISOString() }
  const done = {
    done: true,
    done_reason: 'stop',
    total_duration: nanoseconds(now - startedAt),
    load_duration: nanoseconds(loadMs),
    prompt_eval_count: promptTokens,
    prompt_eval_duration: nanoseconds(PROMPT_MS),
    eval_count: tokens,
    eval_duration: nanoseconds(answerMs),
  }
  const said = (message: object) => ({ ...opening, message: { role: 'assistant', content: '', ...message } })
  const lines =
    batch === undefined
      ? [
          ...wordsIn(exchange.thought ?? '').map(thinking => ({ ...said({ thinking }), done: false })),
          ...wordsIn(exchange.answer).map(content => ({ ...said({ content }), done: false })),
          { ...said({}), ...done },
        ]
      : [
          {
            ...said({ content: exchange.answer, ...(exchange.thought && { thinking: exchange.thought }) }),
            ...done,
          },
        ]
  const type = batch === undefined ? 'application/x-ndjson' : 'application/json; charset=utf-8'
  return {
    state: 'succeeded',
    answerAttempt: 1,
    statusCode: 200,
    firstByteAt: loadedAt + PROMPT_MS,
    usage: { promptTokens, completionTokens: tokens, loadMs, promptMs: PROMPT_MS, answerMs },
    output: {
      head: { status: 200, headers: [['Content-Type', type]] },
      body: [Buffer.from(lines.map(line => `${JSON.stringify(line)}\n`).join(''))],
    },
  }
}

/** A target that has no memory left. */
const refusal = (): Finish => {
  const error = 'model requires more system memory than is available'
  return {
    state: 'failed',
    answerAttempt: 1,
    statusCode: 500,
    errorCode: 'http_error',
    output: {
      head: { status: 500, headers: [['Content-Type', 'application/json; charset=utf-8']] },
      body: [Buffer.from(JSON.stringify({ error }))],
    },
  }
}
