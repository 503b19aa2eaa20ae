import { INTERNAL_ERROR } from '@foreman/jobs'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { claimNext, listJobs, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventsOf, everything, HOUR_MS, recordOf, stateOf, submitAll, submitMany } from './look.ts'

/** Jobs that were released until these times. */
const delayed = async (store: Store, ...dueTimes: number[]): Promise<void> => {
  const claims = []
  for (const _ of dueTimes) claims.push((await runningJob(store)).claim)
  for (const [at, availableAt] of dueTimes.entries())
    await store.runs.release(claims[at]!, { code: 'stall', spent: true, availableAt }, ending(1_000))
}

const promote = (store: Store, now: number) => store.queue.promoteDue({ now, maxDelayMs: 60_000 })

/** When each job becomes ready, oldest first. */
const availableAt = async (store: Store) =>
  (await listJobs(store)).toReversed().map(record => record.availableAt)

export const delaysContract = (engine: Engine): void => {
  describe('delayed jobs', () => {
    test('become ready when they are due; promoteDue returns when the next one is', async () => {
      const { store } = await engine.create()
      await delayed(store, 3_000, 2_000, 4_000)
      expect(await promote(store, 1_000)).toBe(2_000)
      expect(await promote(store, 3_000)).toBe(4_000)
      expect(await availableAt(store)).toEqual([null, null, 4_000])
      expect(await store.queue.waitingLines()).toHaveLength(1)
    })

    test('with the longest delay wait until it ends', async () => {
      const { store } = await engine.create()
      await delayed(store, 61_000)
      expect(await promote(store, 1_000)).toBe(61_000)
      expect(await store.queue.waitingLines()).toEqual([])
    })

    test('become ready although the clock was set back', async () => {
      const { store } = await engine.create()
      await delayed(store, 3_600_000, 1_500)
      expect(await promote(store, 1_000)).toBe(1_500)
      expect(await promote(store, 1_500)).toBeUndefined()
      expect(await availableAt(store)).toEqual([null, null])
    })

    test('are none in an empty store', async () => {
      const tested = await engine.create()
      expect(await promote(tested.store, 1_000)).toBeUndefined()
    })
  })

  describe('overdue jobs', () => {
    test('fail while they are queued, also when they are delayed; failOverdue returns the next deadline', async () => {
      const { store } = await engine.create()
      const { job: delayedJob, claim } = await runningJob(store, { deadlineAt: 3_000 })
      await store.runs.release(claim, { code: 'stall', spent: true, availableAt: 9_000 }, ending(1_000))
      const { job: running } = await runningJob(store, { deadlineAt: 2_000, groupKey: 'other' })
      const [queued, later, without] = await submitAll(store, [
        { deadlineAt: 2_500 },
        { deadlineAt: 60_000 },
        {},
      ])
      expect(await store.queue.failOverdue(ending(2_400))).toBe(2_500)
      expect(await store.queue.failOverdue(ending(3_000))).toBe(60_000)
      const jobs = [delayedJob, running, queued!, later!, without!]
      const states = await Promise.all(jobs.map(job => stateOf(store, job)))
      expect(states).toEqual(['failed', 'running', 'failed', 'queued', 'queued'])
      expect(await recordOf(store, delayedJob)).toMatchObject({
        errorCode: 'deadline_exceeded',
        errorMessage: expect.any(String) as unknown,
        finishedAt: 3_000,
        expiresAt: 3_000 + HOUR_MS,
        availableAt: null,
        answerAttempt: null,
      })
      expect((await eventsOf(store, delayedJob)).at(-1)).toMatchObject({ type: 'failed', attempt: 1 })
      expect((await eventsOf(store, queued!)).at(-1)).toEqual({
        type: 'failed',
        attempt: 0,
        code: 'deadline_exceeded',
        at: 3_000,
      })
    })

    test('fail in steps of 500', async () => {
      const { store } = await engine.create()
      await submitMany(store, 501, { deadlineAt: 2_000 })
      expect(await store.queue.failOverdue(ending(3_000))).toBe(2_000)
      expect(await store.records.ended()).toBe(500)
      expect(await store.queue.failOverdue(ending(3_000))).toBeUndefined()
      expect(await store.records.ended()).toBe(501)
    })

    test('are none in an empty store', async () => {
      const { store } = await engine.create()
      expect(await store.queue.failOverdue(ending(3_000))).toBeUndefined()
    })
  })

  describe('a job that cannot be claimed', () => {
    test('is failed, and those behind it are claimed', async () => {
      const { store } = await engine.create()
      const [bad, good] = await submitAll(store, [{}, {}])
      await store.queue.failBroken(bad!.seq, ending(2_000))
      expect(await recordOf(store, bad!)).toMatchObject({
        ...INTERNAL_ERROR,
        state: 'failed',
        finishedAt: 2_000,
        expiresAt: 2_000 + HOUR_MS,
      })
      expect((await claimNext(store))?.seq).toBe(good!.seq)
    })

    test('is left alone when it is not queued any more', async () => {
      const tested = await engine.create()
      const { job } = await runningJob(tested.store)
      const ended = await submitJob(tested.store)
      await tested.store.submissions.cancel(ended, ending(1_000))
      const before = await everything(tested)
      for (const seq of [job.seq, ended.seq, 99]) await tested.store.queue.failBroken(seq, ending(2_000))
      expect(await everything(tested)).toEqual(before)
    })
  })
}
