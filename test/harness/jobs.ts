import type { Job } from '@foreman/foreman-client'
import { type Sim, type SimOptions, startSim } from '@foreman/ollama-sim'
import { onTestFinished } from 'vitest'
import { type Foreman, type ForemanOptions, startForeman } from './foreman.ts'
import { send } from './request.ts'

interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  readonly json: Record<string, unknown> & { code?: string }
}

/** A gateway, a worker and a simulated Ollama, and short words for what is asked of /jobs. */
export interface JobsUnderTest {
  readonly foreman: Foreman
  readonly sim: Sim
  /** @param body JSON, or text as it is */
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Reply>
  readonly submit: (submission: object, headers?: Record<string, string>) => Promise<Job>
  /** Waits for its end. */
  readonly ended: (id: string) => Promise<Job>
}

export const startJobs = async ({
  sim: simOptions = {},
  ...options
}: Partial<ForemanOptions> & { sim?: SimOptions } = {}): Promise<JobsUnderTest> => {
  const sim = await startSim(simOptions)
  onTestFinished(() => sim.close())
  const foreman = await startForeman({ target: sim.url, ...options })
  const ask: JobsUnderTest['ask'] = async (method, path, body, headers = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await send(foreman.url, { method, path, headers, body: text })
    const shown = answer.body.toString()
    const isJson =
      shown !== '' && /^application\/(problem\+)?json/.test(String(answer.headers['content-type']))
    const json = (isJson ? JSON.parse(shown) : {}) as Reply['json']
    return { status: answer.status, headers: answer.headers, text: shown, json }
  }
  const jobOf = ({ json }: Reply) => json as unknown as Job
  return {
    foreman,
    sim,
    ask,
    submit: async (submission, headers) => jobOf(await ask('POST', '/jobs', submission, headers)),
    ended: async id => jobOf(await ask('GET', `/jobs/${id}`, undefined, { prefer: 'wait=30' })),
  }
}

/** A job that runs until it is called off. */
export const endless = { request: { model: 'alpha', prompt: 'go on', options: { num_predict: 1_000_000 } } }

export const hello = { request: { model: 'plain', prompt: 'Hello!' } }

/** The events of a stream, whole. */
export const eventsIn = (
  text: string,
): { id: number; name: string; data: Record<string, unknown>; raw: string }[] =>
  text
    .split('\n\n')
    .filter(block => block.startsWith('id: '))
    .map(block => {
      const [id, name, data] = block.split('\n').map(line => line.slice(line.indexOf(': ') + 2))
      return { id: Number(id), name: name!, data: JSON.parse(data!) as Record<string, unknown>, raw: block }
    })
