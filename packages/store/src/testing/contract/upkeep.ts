import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import type { Submitted } from '../../values.ts'
import { appendPieces, listJobs, runningJob, submitJob } from '../jobs.ts'
import type { Counts, Engine, TestedStore } from './engine.ts'
import { ending, eventTypesOf, logOf, seqsOf, stateOf, submitMany, upkeep } from './look.ts'

const head = { status: 200, headers: [] }

/** A job that ended at `now`, with `pieces` pieces of output. Its row is kept for a second. */
const endedJob = async (store: Store, now: number, pieces = 1): Promise<Submitted> => {
  const { job, claim } = await runningJob(store)
  const piece = Buffer.from('0123456789')
  await appendPieces(store, claim, { head, pieces: Array<Buffer>(pieces).fill(piece) })
  await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(now, 1_000))
  return job
}

/** How many rows of this kind are left after each step of an upkeep. */
const leftAfterSteps = async ({ store, counts }: TestedStore, kind: keyof Counts, now: number) => {
  const left = [(await counts())[kind]]
  for (let more = true; more;) {
    more = (await store.upkeep.step(now)).more
    left.push((await counts())[kind])
    if (left.length > 1_000) throw new Error('the steps do not end')
  }
  return left
}

const mostDeletedAtOnce = (left: readonly number[]): number =>
  Math.max(...left.slice(1).map((rows, at) => left[at]! - rows))

export const upkeepContract = (engine: Engine): void => {
  describe('expired jobs', () => {
    test('are deleted with all that belongs to them, and other jobs stay', async () => {
      const { store, counts } = await engine.create()
      await endedJob(store, 1_000)
      const later = await endedJob(store, 1_001)
      const waiting = await submitJob(store)
      const { job: running } = await runningJob(store, { groupKey: 'other' })
      expect(await upkeep(store, 1_999)).toBe(0)
      expect(await upkeep(store, 2_000)).toBe(1)
      expect(seqsOf(await listJobs(store)).toReversed()).toEqual(seqsOf([later, waiting, running]))
      const logs = await Promise.all([later, waiting, running].map(job => logOf(store, job)))
      expect(await counts()).toMatchObject({ jobs: 3, requests: 3, log: logs.flat().length })
    })

    test('are only jobs that have ended, however old the others are', async () => {
      const { store, counts } = await engine.create()
      const { job } = await runningJob(store)
      await submitJob(store)
      await store.submissions.cancel(job, ending(1, 1))
      expect(await upkeep(store, Number.MAX_SAFE_INTEGER)).toBe(0)
      expect((await counts()).jobs).toBe(2)
    })

    test('are deleted with their details, messages and attempts', async () => {
      const { store, counts } = await engine.create()
      const before = await counts()
      const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
      const job = await submitJob(store, { webhook, metadata: '{}' })
      const [delivery] = (await Array.fromAsync(store.deliveries.ofJob(job.seq))).flat()
      const attempt = { at: 1, durationMs: 1, status: 204, error: null, response: null }
      const recorded = { delivery: delivery!, attempt, result: { kind: 'delivered' }, now: 1 } as const
      await store.deliveries.record(recorded)
      await store.submissions.cancel(job, ending(1_000, 1_000))
      expect(await upkeep(store, 2_000)).toBe(1)
      expect(await counts()).toEqual(before)
    })

    test('one with 1,600 pieces is deleted in small steps', async () => {
      const tested = await engine.create()
      await endedJob(tested.store, 1_000, 1_600)
      const left = await leftAfterSteps(tested, 'log', 5_000)
      expect(left.length).toBeGreaterThan(4)
      expect(mostDeletedAtOnce(left)).toBeLessThanOrEqual(500)
      expect(await tested.counts()).toMatchObject({ jobs: 0, requests: 0, log: 0 })
    })

    test('700 of them are deleted in small steps', async () => {
      const tested = await engine.create()
      const { store } = tested
      const jobs = await submitMany(store, 700)
      await Promise.all(jobs.map(job => store.submissions.cancel(job, ending(1_000, 1_000))))
      const left = await leftAfterSteps(tested, 'log', 5_000)
      expect(left.length).toBeGreaterThan(3)
      expect(mostDeletedAtOnce(left)).toBeLessThanOrEqual(500)
      expect(await tested.counts()).toMatchObject({ jobs: 0, requests: 0, log: 0 })
    })

    test('are deleted although their log is exactly as long as a step', async () => {
      const { store, counts } = await engine.create()
      await endedJob(store, 1_000, 500 - 4)
      expect((await counts()).log).toBe(500)
      await upkeep(store, 5_000)
      expect((await counts()).jobs).toBe(0)
    })
  })

  describe('jobs whose callers have their answers', () => {
    test('lose request and output when these expire, and keep their row and its events', async () => {
      const { store, counts } = await engine.create()
      const job = await endedJob(store, 1_000_000)
      const other = await endedJob(store, 1_000_000)
      const pieces = async ({ seq }: Submitted) => (await store.output.read(seq, undefined))?.pieces.length
      await store.submissions.delivered(job, 1_000_500)
      await upkeep(store, 1_000_499)
      expect([(await counts()).requests, await pieces(job)]).toEqual([2, 2])
      expect(await upkeep(store, 1_000_500)).toBe(0)
      expect([await pieces(job), await pieces(other)]).toEqual([0, 2])
      expect(await store.records.request(job.seq)).toBeUndefined()
      expect(await store.records.request(other.seq)).toBeDefined()
      expect(await stateOf(store, job)).toBe('succeeded')
      expect(await eventTypesOf(store, job)).toEqual(['queued', 'started', 'succeeded'])
    })

    test('are cleaned up once, and their rows expire later', async () => {
      const { store } = await engine.create()
      const job = await endedJob(store, 1_000)
      await store.submissions.delivered(job, 1_500)
      await upkeep(store, 1_500)
      expect((await store.records.bySeq(job.seq))?.bytesExpireAt).toBeNull()
      expect(await store.upkeep.step(1_600)).toEqual({ more: false, expired: 0, failed: [] })
      expect(await upkeep(store, 3_000)).toBe(1)
    })

    test('lose a long output in small steps', async () => {
      const tested = await engine.create()
      const job = await endedJob(tested.store, 1_000, 1_200)
      await tested.store.submissions.delivered(job, 1_500)
      const left = await leftAfterSteps(tested, 'log', 1_500)
      expect(left.length).toBeGreaterThan(3)
      expect(mostDeletedAtOnce(left)).toBeLessThanOrEqual(500)
      expect((await logOf(tested.store, job)).map(({ kind }) => kind)).toEqual(['event', 'event', 'event'])
    })
  })

  test('an upkeep with nothing to do says so', async () => {
    const { store } = await engine.create()
    await runningJob(store)
    await upkeep(store, 1_000)
    expect(await store.upkeep.step(1_000)).toEqual({ more: false, expired: 0, failed: [] })
  })
}
