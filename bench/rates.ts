import { endStates } from '@foreman/jobs'
import Database from 'better-sqlite3'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newPool } from './caller.ts'
import { type Simulation, startGateway, startWorker } from './installation.ts'
import { postJson } from './post-json.ts'

export const GROUPS = 50
/** The largest batch that foreman accepts. */
export const BATCH = 10_000
export const PROMPT = 'x'.repeat(150)
const POLL_MS = 20
const RUN_TIMEOUT_MS = 20_000

/** What the processes of one foreman reach, in jobs a second. */
export interface Rates {
  /** Accepted from one caller who submits one job at a time. */
  readonly single: number
  /** Accepted from 32 such callers. */
  readonly singles32: number
  /** Accepted in batches, one after the other. */
  readonly batch: number
  /** Run to their ends by a worker whose target answers at once. */
  readonly run: number
}

export interface RatesOptions {
  /** The checkout whose gateway and worker run. Default: this one. */
  readonly root?: string | undefined
  /** The directory of the queue. */
  readonly directory: string
  readonly simulation: Simulation
  readonly seconds: number
  /** How many jobs the gateway is given first, over HTTP. Default: 0. */
  readonly submitFirst?: number
}

/** Measures a gateway, and then a worker, on a queue that may already have jobs. */
export const measureRates = async (options: RatesOptions): Promise<Rates> => {
  const { root, directory, simulation, seconds, submitFirst = 0 } = options
  const dbPath = path.join(directory, 'queue.db')
  const env = {
    FOREMAN_ADDR: '127.0.0.1:0',
    FOREMAN_OLLAMA_URL: simulation.url,
    FOREMAN_DB_PATH: dbPath,
    FOREMAN_MAX_QUEUED_JOBS: '100000000',
    FOREMAN_SHUTDOWN_GRACE: '0s',
  }
  const gateway = await startGateway({ root, env })
  await submitGroups(gateway.said, submitFirst)
  const single = await submitFor(gateway.said, 1, seconds)
  const singles32 = await submitFor(gateway.said, 32, seconds)
  const batch = await submitBatches(gateway.said, seconds)
  await gateway.stop()
  const queue = new Database(dbPath, { readonly: true })
  const countEnded = queue
    .prepare<[], number>(
      `SELECT count(*) FROM jobs WHERE state IN (${endStates.map(state => `'${state}'`).join()})`,
    )
    .pluck()
  const ended = () => countEnded.get() ?? 0
  const endedBefore = ended()
  const worker = await startWorker({ root, env: { ...env, FOREMAN_CONCURRENCY: '8' } })
  const deadline = performance.now() + RUN_TIMEOUT_MS
  while (ended() === endedBefore) {
    if (performance.now() > deadline) throw new Error('the worker runs no job')
    await delay(POLL_MS)
  }
  const startedAt = performance.now()
  const before = ended()
  await delay(seconds * 1_000)
  const run = (ended() - before) / ((performance.now() - startedAt) / 1_000)
  await worker.stop()
  queue.close()
  return { single, singles32, batch, run }
}

const submissionWith = (options: object): string =>
  JSON.stringify({ request: { model: 'plain', prompt: PROMPT, options: { num_predict: 1, ...options } } })

/** Submits jobs of many groups: their models load with different options. */
const submitGroups = async (url: string, count: number): Promise<void> => {
  const pool = newPool()
  const lines = Array.from({ length: Math.min(BATCH, count) }, (_, at) =>
    submissionWith({ num_ctx: 1_000 + (at % GROUPS) }),
  )
  for (let left = count; left > 0; left -= BATCH) {
    const body = lines.slice(0, left).join('\n')
    await postJson(`${url}/jobs/batch`, body, 'application/x-ndjson', pool)
  }
  pool.destroy()
}

const submitFor = async (url: string, callers: number, seconds: number): Promise<number> => {
  const pool = newPool()
  const body = submissionWith({})
  const endsAt = performance.now() + seconds * 1_000
  let jobs = 0
  const startedAt = performance.now()
  const submitAll = async () => {
    while (performance.now() < endsAt) {
      await postJson(`${url}/jobs`, body, 'application/json', pool)
      jobs++
    }
  }
  await Promise.all(Array.from({ length: callers }, submitAll))
  pool.destroy()
  return jobs / ((performance.now() - startedAt) / 1_000)
}

const submitBatches = async (url: string, seconds: number): Promise<number> => {
  const pool = newPool()
  const body = `${submissionWith({})}\n`.repeat(BATCH)
  let jobs = 0
  const startedAt = performance.now()
  while (performance.now() - startedAt < seconds * 1_000) {
    await postJson(`${url}/jobs/batch`, body, 'application/x-ndjson', pool)
    jobs += BATCH
  }
  pool.destroy()
  return jobs / ((performance.now() - startedAt) / 1_000)
}
