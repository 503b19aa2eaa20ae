import { newToken, openStore, type Store } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { fill, usedBytes } from './fill.ts'
import { queueDirectory, type Simulation } from './installation.ts'
import { learnModels } from './learn-models.ts'
import { GROUPS, measureRates, type Rates } from './rates.ts'
import { median } from './stats.ts'

const CLAIMS = 500
const HOUR_MS = 3_600_000

/** What was measured of a queue in which `queued` jobs wait. */
export interface BacklogFigures extends Rates {
  readonly queued: number
  /** The median time of listing the waiting lines and claiming a job, in ms. */
  readonly claimMs: number
  /** The median time of claiming a job and recording its end, in ms. The end is on the disk. */
  readonly claimAndFinishMs: number
  readonly bytesPerQueuedJob: number
}

export interface BacklogOptions {
  readonly directory: string
  readonly simulation: Simulation
  readonly queued: number
  readonly seconds: number
}

export const measureBacklog = async (options: BacklogOptions): Promise<BacklogFigures> => {
  const { queued, seconds, simulation } = options
  const directory = queueDirectory(options.directory)
  await learnModels({ target: simulation.url, directory })
  const store = await openStore(path.join(directory, 'queue.db'), { role: 'worker' })
  await fill(store, queued)
  const bytesPerQueuedJob = usedBytes(store) / queued
  const claims = await claimTimes(store)
  await store.close()
  const rates = await measureRates({ directory, simulation, seconds })
  fs.rmSync(directory, { recursive: true })
  return { queued, ...rates, ...claims, bytesPerQueuedJob }
}

/** Claims as the worker does: it looks at all lines before each claim. */
const claimTimes = async (store: Store): Promise<{ claimMs: number; claimAndFinishMs: number }> => {
  const claimed: number[] = []
  const finished: number[] = []
  for (let at = 0; at < CLAIMS; at++) {
    const begin = performance.now()
    const line = (await store.queue.waitingLines())[at % GROUPS]
    if (!line) throw new Error('a line has no job to claim')
    const now = Date.now()
    const { groupKey, priority } = line
    const asked = { groupKey, priority, token: newToken(), upTo: 1, isIdle: true }
    const { claims } = await store.queue.claim({ ...asked, reason: 'first', turnStartedAt: now }, now)
    const [claim] = claims
    if (!claim) throw new Error('there was no job to claim')
    claimed.push(performance.now() - begin)
    const end = { state: 'succeeded', answerAttempt: 1, statusCode: 200 } as const
    await store.runs.finish(claim, end, { now, ttlMs: HOUR_MS })
    finished.push(performance.now() - begin)
  }
  return { claimMs: median(claimed), claimAndFinishMs: median(finished) }
}
