import { openStore, type Store } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newPool } from './caller.ts'
import { queueDirectory, type Simulation } from './installation.ts'
import { postJson } from './post-json.ts'
import { startProcess } from './processes.ts'
import { median } from './stats.ts'

const GROUPS = 50
const BATCH = 10_000
const CLAIMS = 500
const PROMPT = 'x'.repeat(150)
const HOUR_MS = 3_600_000

/** What was measured of a queue with so many jobs that wait. Rates are jobs a second. */
export interface BacklogFigures {
  readonly queued: number
  readonly single: number
  readonly singles32: number
  readonly batch: number
  /** In ms: the median of claiming a job and ending it, both on the disk. */
  readonly claimMs: number
  readonly claimAndFinishMs: number
  /** Jobs that a worker ran to their ends on a target that answers at once. */
  readonly run: number
  readonly bytesPerQueuedJob: number
}

export interface BacklogOptions {
  readonly directory: string
  readonly simulation: Simulation
  readonly queued: number
  readonly seconds: number
}

const newJob = (index: number) => ({
  path: '/api/generate',
  endpoint: '/api/generate',
  model: 'plain',
  modelName: 'plain:latest',
  loadOptions: '{}',
  groupKey: `group ${index % GROUPS}`,
  streaming: false,
  headers: [['Content-Type', 'application/json']] as const,
  body: Buffer.from(JSON.stringify({ model: 'plain', prompt: PROMPT, options: { num_predict: 1 } })),
  caller: 'default',
  priority: 'normal' as const,
})

/** Fills a queue with jobs of many groups. */
export const fill = (store: Store, jobs: number): void => {
  for (let first = 0; first < jobs; first += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, jobs - first) }, (_, at) => newJob(first + at))
    store.submissions.enqueueAll(some, Date.now())
  }
}

export const measureBacklog = async (options: BacklogOptions): Promise<BacklogFigures> => {
  const { queued, seconds, simulation } = options
  const directory = queueDirectory(options.directory)
  const dbPath = path.join(directory, 'queue.db')
  const store = openStore(dbPath, { busyTimeoutMs: 5_000 })
  fill(store, queued)
  const bytesPerQueuedJob = store.housekeeping.usedBytes() / queued
  const claims = claimTimes(store)
  const env = {
    FOREMAN_ADDR: '127.0.0.1:0',
    FOREMAN_OLLAMA_URL: simulation.url,
    FOREMAN_DB_PATH: dbPath,
    FOREMAN_MAX_QUEUED_JOBS: '100000000',
    FOREMAN_SHUTDOWN_GRACE: '0s',
  }
  const gateway = await startProcess({
    name: 'gateway',
    file: 'apps/gateway/src/main.ts',
    env,
    ready: /"url":"([^"]+)"/,
  })
  const single = await submitFor(gateway.said, 1, seconds)
  const singles32 = await submitFor(gateway.said, 32, seconds)
  const batch = await submitBatches(gateway.said, seconds)
  await gateway.stop()
  const worker = await startProcess({
    name: 'worker',
    file: 'apps/worker/src/main.ts',
    env: { ...env, FOREMAN_CONCURRENCY: '8' },
    ready: /(job ended)/,
  })
  const startedAt = performance.now()
  const before = store.records.ended()
  await delay(seconds * 1_000)
  const run = (store.records.ended() - before) / ((performance.now() - startedAt) / 1_000)
  await worker.stop()
  store.close()
  fs.rmSync(directory, { recursive: true })
  return { queued, single, singles32, batch, ...claims, run, bytesPerQueuedJob }
}

/** As the worker does it: the group is chosen anew each time. */
const claimTimes = (store: Store): { claimMs: number; claimAndFinishMs: number } => {
  const claimed: number[] = []
  const finished: number[] = []
  for (let at = 0; at < CLAIMS; at++) {
    const begin = performance.now()
    const line = store.queue.waitingLines()[at % GROUPS]
    const claim = line && store.queue.claimNext(line.groupKey, 'first', Date.now(), Date.now())
    if (!claim) throw new Error('there was nothing to claim')
    claimed.push(performance.now() - begin)
    store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, Date.now(), HOUR_MS)
    finished.push(performance.now() - begin)
  }
  return { claimMs: median(claimed), claimAndFinishMs: median(finished) }
}

const submission = { request: { model: 'plain', prompt: PROMPT, options: { num_predict: 1 } } }

/** Jobs a second that so many callers hand over, each one after the other. */
const submitFor = async (url: string, callers: number, seconds: number): Promise<number> => {
  const pool = newPool()
  const body = JSON.stringify(submission)
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

/** Jobs a second in batches, one batch after the other. */
const submitBatches = async (url: string, seconds: number): Promise<number> => {
  const pool = newPool()
  const body = `${JSON.stringify(submission)}\n`.repeat(BATCH)
  let jobs = 0
  const startedAt = performance.now()
  while (performance.now() - startedAt < seconds * 1_000) {
    await postJson(`${url}/jobs/batch`, body, 'application/x-ndjson', pool)
    jobs += BATCH
  }
  pool.destroy()
  return jobs / ((performance.now() - startedAt) / 1_000)
}
