import { openStore } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { fill } from './backlog.ts'
import { queueDirectory } from './installation.ts'
import { spread, type Spread } from './stats.ts'

const ANSWER = Buffer.from(`${JSON.stringify({ model: 'plain', response: 'x'.repeat(300), done: true })}\n`)
const TTL_MS = 1_000

export interface PruningFigures {
  readonly jobs: number
  readonly bytesPerEndedJob: number
  readonly jobsPerSecond: number
  /** How long one step of deleting takes, in ms. Other writes wait for a step. */
  readonly stepMs: Spread
}

/** Measures how fast expired jobs are deleted. Each has an answer of one piece. */
export const measurePruning = (parent: string, jobs: number): PruningFigures => {
  const directory = queueDirectory(parent)
  const store = openStore(path.join(directory, 'queue.db'), { busyTimeoutMs: 5_000 })
  fill(store, jobs)
  const now = Date.now()
  store.atOnce('normal', () => {
    for (const { groupKey } of store.queue.waitingLines()) {
      for (;;) {
        const claim = store.queue.claimNext(groupKey, 'first', now, now)
        if (!claim) break
        store.runs.append(claim, { head: { status: 200, headers: [] }, body: ANSWER })
        store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, now, TTL_MS)
      }
    }
  })
  const bytesPerEndedJob = store.housekeeping.usedBytes() / jobs
  const steps: number[] = []
  for (let isMore = true; isMore;) {
    const begin = performance.now()
    isMore = store.housekeeping.pruneExpired(now + 2 * TTL_MS).more
    steps.push(performance.now() - begin)
  }
  const totalMs = steps.reduce((sum, ms) => sum + ms, 0)
  store.close()
  fs.rmSync(directory, { recursive: true })
  return { jobs, bytesPerEndedJob, jobsPerSecond: jobs / (totalMs / 1_000), stepMs: spread(steps) }
}
