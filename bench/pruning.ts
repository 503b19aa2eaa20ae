import { type Claim, newToken, openStore, type Store, type WaitingLine } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { fill, usedBytes } from './fill.ts'
import { queueDirectory } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { spread, type Spread } from './stats.ts'
import { figure } from './table.ts'

const ANSWER = Buffer.from(`${JSON.stringify({ model: 'plain', response: 'x'.repeat(300), done: true })}\n`)
const TTL_MS = 1_000
/** How many jobs are claimed and ended together while the queue is filled. */
const LOT = 1_000

interface PruningFigures {
  readonly jobs: number
  readonly bytesPerEndedJob: number
  readonly jobsPerSecond: number
  /** How long one step of deleting takes, in ms. Other writes wait for a step. */
  readonly stepMs: Spread
}

/** How fast expired jobs are deleted. Each has an answer of one piece. */
export const pruning = async ({ quick, directory: parent }: BenchOptions) => {
  const jobs = quick ? 5_000 : 100_000
  const directory = queueDirectory(parent)
  const store = await openStore(path.join(directory, 'queue.db'), { role: 'worker' })
  await fill(store, jobs)
  const now = Date.now()
  for (const line of await store.queue.waitingLines()) await endAll(store, line, now)
  const bytesPerEndedJob = usedBytes(store) / jobs
  const steps = await deleteAll(store, jobs, now + 2 * TTL_MS)
  const totalMs = steps.reduce((sum, ms) => sum + ms, 0)
  await store.close()
  fs.rmSync(directory, { recursive: true })
  const figures = { jobs, bytesPerEndedJob, jobsPerSecond: jobs / (totalMs / 1_000), stepMs: spread(steps) }
  return { pruning: figures, text: describe(figures) }
}

/** Claims and ends all jobs of a line. */
const endAll = async (store: Store, { groupKey, priority }: WaitingLine, now: number): Promise<void> => {
  for (;;) {
    const asked = { groupKey, priority, token: newToken(), upTo: LOT, isIdle: true }
    const { claims } = await store.queue.claim({ ...asked, reason: 'first', turnStartedAt: now }, now)
    if (claims.length === 0) return
    await Promise.all(claims.flatMap(claim => end(store, claim, now)))
  }
}

const end = (store: Store, claim: Claim, now: number): Promise<unknown>[] => [
  store.runs.append(claim, { after: 0, head: { status: 200, headers: [] }, body: [ANSWER] }),
  store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, { now, ttlMs: TTL_MS }),
]

/** @returns how long each step took, in ms */
const deleteAll = async (store: Store, jobs: number, now: number): Promise<number[]> => {
  const steps: number[] = []
  for (let left = jobs; left > 0;) {
    const begin = performance.now()
    const { more, expired, failed } = await store.upkeep.step(now)
    steps.push(performance.now() - begin)
    left -= expired
    if (failed.length > 0) throw new AggregateError(failed, 'the jobs cannot be deleted')
    if (!more && left > 0) throw new Error(`${left} jobs stay`)
  }
  return steps
}

const describe = ({ jobs, bytesPerEndedJob, jobsPerSecond, stepMs }: PruningFigures): string => {
  const rate = `deleted ${figure(jobsPerSecond, 0)}/s`
  const step = `a step takes ${figure(stepMs.p50)} ms (p99 ${figure(stepMs.p99)})`
  return `${jobs} ended jobs of ${figure(bytesPerEndedJob, 0)} bytes: ${rate}; ${step}`
}
