import { setTimeout as delay } from 'node:timers/promises'
import { send } from '../harness/request.ts'

/** What became of the jobs of a caller that did nothing wrong. */
export interface InnocentReport {
  readonly jobs: number
  readonly failures: readonly string[]
}

const PAUSE_MS = 20
const SHOWN_CHARACTERS = 200
const STEADY = { num_predict: 5 }

interface Caller {
  readonly url: string
  readonly model: string
  readonly headers: Readonly<Record<string, string>>
}

const expect = (isRight: boolean, what: string, text: string): void => {
  if (!isRight) throw new Error(`${what}: ${text.slice(0, SHOWN_CHARACTERS)}`)
}

const ask = async ({ url, model, headers }: Caller, stream: boolean): Promise<void> => {
  const body = JSON.stringify({ model, prompt: 'innocent', stream, options: STEADY })
  const answer = await send(url, { path: '/api/generate', headers, body })
  const text = answer.body.toString()
  const isWhole = answer.status === 200 && answer.complete && /"done":true[^\n]*\n?$/.test(text)
  expect(isWhole, stream ? 'a stream' : 'an answer', `${answer.status} ${text}`)
}

const submit = async ({ url, model, headers }: Caller): Promise<void> => {
  const request = { model, prompt: 'innocent', options: STEADY }
  const submitted = await send(url, { path: '/jobs', headers, body: JSON.stringify({ request }) })
  expect(submitted.status === 202, 'a submission', `${submitted.status} ${submitted.body.toString()}`)
  const { id } = JSON.parse(submitted.body.toString()) as { id: string }
  for (;;) {
    const answer = await send(url, {
      method: 'GET',
      path: `/jobs/${id}`,
      headers: { ...headers, prefer: 'wait=20' },
    })
    const text = answer.body.toString()
    const { state } = JSON.parse(text) as { state: string }
    if (state === 'succeeded') return
    expect(state === 'queued' || state === 'running', 'a job', text)
  }
}

/** A caller that streams, waits for answers and submits jobs until it is stopped: small ones, one after the other. */
export const startInnocent = (caller: Caller): { stop(): Promise<InnocentReport> } => {
  const failures: string[] = []
  let jobs = 0
  let isStopped = false
  const turns = [() => ask(caller, true), () => ask(caller, false), () => submit(caller)]
  const work = async () => {
    while (!isStopped) {
      await turns[jobs % turns.length]?.().catch((error: unknown) => failures.push(String(error)))
      jobs++
      await delay(PAUSE_MS)
    }
  }
  const done = work()
  return {
    stop: async () => {
      isStopped = true
      await done
      return { jobs, failures }
    },
  }
}
