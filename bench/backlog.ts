import { openStore, type Store } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { queueDirectory, type Simulation } from './installation.ts'
import { newJob } from './new-job.ts'
import { BATCH, GROUPS, measureRates, PROMPT, type Rates } from './rates.ts'
import { median } from './stats.ts'

const CLAIMS = 500
const HOUR_MS = 3_600_000

/** What was measured of a queue in which `queued` jobs wait. */
export interface BacklogFigures extends Rates {
  readonly queued: number
  /** The median time of claiming a job, in ms. The commit is on the disk. */
  readonly claimMs: number
  /** The median time of claiming a job and recording its end, in ms. Both commits are on the disk. */
  readonly claimAndFinishMs: number
  readonly bytesPerQueuedJob: number
}

export interface BacklogOptions {
  readonly directory: string
  readonly simulation: Simulation
  readonly queued: number
  readonly seconds: number
}

/** Fills a queue with jobs of many groups. */
export const fill = (store: Store, jobs: number): void => {
  const body = Buffer.from(JSON.stringify({ model: 'plain', prompt: PROMPT, options: { num_predict: 1 } }))
  for (let first = 0; first < jobs; first += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, jobs - first) }, (_, at) =>
      newJob({ groupKey: `group ${(first + at) % GROUPS}`, body }),
    )
    store.submissions.enqueueAll(some, Date.now())
  }
}

export const measureBacklog = async (options: BacklogOptions): Promise<BacklogFigures> => {
  const { queued, seconds, simulation } = options
  const directory = queueDirectory(options.directory)
  const store = openStore(path.join(directory, 'queue.db'), { busyTimeoutMs: 5_000 })
  fill(store, queued)
  const bytesPerQueuedJob = store.housekeeping.usedBytes() / queued
  const claims = claimTimes(store)
  store.close()
  const rates = await measureRates({ directory, simulation, seconds })
  fs.rmSync(directory, { recursive: true })
  return { queued, ...rates, ...claims, bytesPerQueuedJob }
}

/** Claims as the worker does: it looks at all groups before each claim. */
const claimTimes = (store: Store): { claimMs: number; claimAndFinishMs: number } => {
  const claimed: number[] = []
  const finished: number[] = []
  for (let at = 0; at < CLAIMS; at++) {
    const begin = performance.now()
    const line = store.queue.waitingLines()[at % GROUPS]
    const claim = line && store.queue.claimNext(line.groupKey, 'first', Date.now(), Date.now())
    if (!claim) throw new Error('there was no job to claim')
    claimed.push(performance.now() - begin)
    store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, Date.now(), HOUR_MS)
    finished.push(performance.now() - begin)
  }
  return { claimMs: median(claimed), claimAndFinishMs: median(finished) }
}
