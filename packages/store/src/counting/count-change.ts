import { priorities } from '@foreman/jobs'
import type { JobRecord, LoggedChange } from '../values.ts'
import type { Increments } from './increments.ts'
import { HISTOGRAMS, TALLIES } from './tallies.ts'

/** What is counted of a job, as it is when its change is counted. */
export interface CountedJob extends Pick<
  JobRecord,
  | 'caller'
  | 'priority'
  | 'modelName'
  | 'endpoint'
  | 'groupKey'
  | 'createdAt'
  | 'startedAt'
  | 'firstByteAt'
  | 'finishedAt'
  | 'promptTokens'
  | 'completionTokens'
  | 'loadMs'
  | 'promptMs'
  | 'generateMs'
  | 'turn'
> {
  readonly seq: number
  /** The arrival that it is part of. Null: it is accepted. */
  readonly arrival: number | null
  /** The gateway whose caller waits for its answer. Null: it is handed over. */
  readonly gateway: string | null
}

/** Counts a change of a job that was submitted before: a start, a failed attempt, an end. */
export const countChange = (change: LoggedChange, job: CountedJob, increments: Increments): void => {
  const { at } = change
  switch (change.type) {
    case 'started':
      increments.count(TALLIES.choices, { reason: change.reason }, at)
      if (change.attempt === 1) countWait(job, at, increments)
      return
    case 'released':
      return increments.count(TALLIES.retries, { code: change.code }, at)
    case 'failed':
      increments.count(TALLIES.failures, { code: change.code ?? 'unknown' }, at)
      return countEnd(change, job, increments)
    case 'succeeded':
    case 'cancelled':
      return countEnd(change, job, increments)
    // A lost attempt is followed by a release or by the end of the job.
    case 'lost':
    case 'queued':
    case 'reset':
    case 'progress':
    case 'cancel_requested':
      return
  }
}

/** Counts a job that was accepted. */
export const countSubmitted = (job: CountedJob, at: number, increments: Increments): void => {
  const { caller, gateway, priority } = job
  const labels = {
    caller,
    handed_over: String(gateway === null),
    priority: priorities[priority] ?? 'normal',
  }
  increments.count(TALLIES.submitted, labels, at)
}

const countWait = (job: CountedJob, at: number, increments: Increments): void => {
  const labels = { model: job.modelName, priority: priorities[job.priority] ?? 'normal' }
  increments.observe(HISTOGRAMS.wait, labels, at, at - job.createdAt)
}

type End = Extract<LoggedChange, { type: 'succeeded' | 'failed' | 'cancelled' }>

const countEnd = ({ type: state, at, code }: End, job: CountedJob, increments: Increments): void => {
  const { caller, modelName: model, createdAt, startedAt } = job
  increments.count(TALLIES.finished, { caller, model, state }, at)
  increments.observe(HISTOGRAMS.duration, { model, state }, at, at - createdAt)
  // A job that ended in the queue after a failed attempt has the start of that.
  const busyMs = startedAt === null ? 0 : Math.max(0, at - startedAt)
  increments.sample(at, caller, {
    [state]: 1,
    busyMs,
    inputTokens: job.promptTokens ?? 0,
    outputTokens: job.completionTokens ?? 0,
  })
  if (startedAt === null) return
  if (job.turn !== null)
    increments.turn(job.turn, { jobs: 1, tokens: job.completionTokens ?? 0, busyMs, lastAt: at })
  countTarget(job, at, increments)
  countOperation(
    job,
    { at, busyMs, errorType: state === 'succeeded' ? undefined : (code ?? state) },
    increments,
  )
}

/** How long the target worked on a job, and how much text went in and out. */
const countTarget = (job: CountedJob, at: number, increments: Increments): void => {
  const { caller, modelName: model, promptTokens, completionTokens } = job
  for (const [phase, ms] of Object.entries(phasesOf(job, at)))
    increments.count(TALLIES.targetMs, { caller, model, phase, target: 'default' }, at, ms)
  increments.count(TALLIES.tokens, { caller, model, type: 'input' }, at, promptTokens ?? 0)
  increments.count(TALLIES.tokens, { caller, model, type: 'output' }, at, completionTokens ?? 0)
}

/** As the answer states it. Where it does not, the first byte tells the prompt from the rest. */
const phasesOf = (
  { startedAt, firstByteAt, loadMs, promptMs, generateMs }: CountedJob,
  at: number,
): Readonly<Record<'load' | 'prompt' | 'generate', number>> => {
  const load = loadMs ?? 0
  const firstByte = firstByteAt ?? at
  const sinceStart = Math.max(0, firstByte - (startedAt ?? firstByte))
  return {
    load,
    prompt: promptMs ?? Math.max(0, sinceStart - load),
    generate: generateMs ?? Math.max(0, at - firstByte),
  }
}

interface Operation {
  readonly at: number
  readonly busyMs: number
  readonly errorType: string | undefined
}

/** The metrics that OpenTelemetry has for clients of language models. */
const countOperation = (
  { endpoint, modelName, firstByteAt, startedAt, promptTokens, completionTokens }: CountedJob,
  { at, busyMs, errorType }: Operation,
  increments: Increments,
): void => {
  const labels = { model: modelName, operation: operationOf(endpoint) }
  const withError = errorType === undefined ? labels : { error_type: errorType, ...labels }
  increments.observe(HISTOGRAMS.operation, withError, at, busyMs)
  if (firstByteAt !== null && startedAt !== null)
    increments.observe(HISTOGRAMS.firstChunk, labels, at, firstByteAt - startedAt)
  if (promptTokens !== null)
    increments.observe(HISTOGRAMS.usage, { ...labels, token_type: 'input' }, at, promptTokens)
  if (completionTokens !== null)
    increments.observe(HISTOGRAMS.usage, { ...labels, token_type: 'output' }, at, completionTokens)
}

const TEXT_COMPLETIONS: ReadonlySet<string> = new Set(['/api/generate', '/v1/completions'])

const operationOf = (endpoint: string): string =>
  TEXT_COMPLETIONS.has(endpoint) ? 'text_completion' : 'chat'
