import type { JobRef, Store } from '@foreman/store'
import { newJob as plainJob, submitJob, unavailableError } from '@foreman/store/testing'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { newJob, openTempStore } from '../testing/fixtures.ts'
import { JobCleaner } from './job-cleaner.ts'

const TTL_MS = 1_000
const REST_MS = 10_000

const expire = (store: Store, job: JobRef) => store.submissions.cancel(job, { now: 0, ttlMs: TTL_MS })

const expiredJob = async (store: Store): Promise<number> => {
  const job = await submitJob(store, newJob(), 0)
  await expire(store, job)
  return job.seq
}

const setUp = async (beforeDeleting = async () => false) => {
  const store = await openTempStore()
  const clock = { now: 0 }
  const logger = pino({ level: 'silent' })
  const cleaner = new JobCleaner({
    store,
    logger,
    now: () => clock.now,
    beforeDeleting,
  })
  return { store, clock, logger, cleaner }
}

describe('one step', () => {
  test('deletes a job once it has expired', async () => {
    const { store, clock, cleaner } = await setUp()
    const seq = await expiredJob(store)
    clock.now = TTL_MS - 1
    await cleaner.step()
    expect(await store.records.bySeq(seq)).toBeDefined()
    clock.now = TTL_MS
    await cleaner.step()
    expect(await store.records.bySeq(seq)).toBeUndefined()
  })

  test('deletes nothing while something is to be done with the jobs, and says that there is more', async () => {
    const left = [true, true, false]
    const { store, clock, cleaner } = await setUp(async () => left.shift() ?? false)
    const seq = await expiredJob(store)
    clock.now = TTL_MS
    expect([await cleaner.step(), await cleaner.step()]).toEqual([true, true])
    expect(await store.records.bySeq(seq)).toBeDefined()
    await cleaner.step()
    expect(await store.records.bySeq(seq)).toBeUndefined()
  })

  test('says that there is more to delete when it has deleted all it may in one step', async () => {
    const { store, clock, cleaner } = await setUp()
    const jobs = Array.from({ length: 600 }, () => plainJob())
    const submitted = await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: 0 })
    await Promise.all(submitted.map(job => expire(store, job)))
    clock.now = TTL_MS
    expect(await cleaner.step()).toBe(true)
    while (await cleaner.step());
    expect(await store.records.ended()).toBe(0)
  })

  test.each([true, false])(
    'logs what went wrong with a part, and believes the rest (more: %s)',
    async more => {
      const { store, logger, cleaner } = await setUp()
      const error = vi.spyOn(logger, 'error')
      const err = new Error('malformed')
      vi.spyOn(store.upkeep, 'step').mockResolvedValue({ more, expired: 1, failed: [err] })
      expect(await cleaner.step()).toBe(more)
      expect(error.mock.calls).toEqual([[{ err }, 'could not clean up all of it']])
    },
  )

  test('leaves everything for later while the store takes no writes', async () => {
    const { store, clock, cleaner } = await setUp()
    const seq = await expiredJob(store)
    clock.now = TTL_MS
    vi.spyOn(store.upkeep, 'step').mockRejectedValueOnce(unavailableError())
    expect(await cleaner.step()).toBe(false)
    expect(await store.records.bySeq(seq)).toBeDefined()
    await cleaner.step()
    expect(await store.records.bySeq(seq)).toBeUndefined()
  })
})

describe('start and stop', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  /** The steps of a cleaner that has nothing to do. */
  const counted = async () => {
    const { cleaner } = await setUp()
    return { cleaner, step: vi.spyOn(cleaner, 'step').mockResolvedValue(false) }
  }

  test('a started cleaner takes a step now and one every ten seconds', async () => {
    const { cleaner, step } = await counted()
    cleaner.start()
    expect(step).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(2 * REST_MS)
    expect(step).toHaveBeenCalledTimes(3)
  })

  test('a cleaner that is started twice takes no more steps than one started once', async () => {
    const { cleaner, step } = await counted()
    cleaner.start()
    cleaner.start()
    await vi.advanceTimersByTimeAsync(REST_MS)
    expect(step).toHaveBeenCalledTimes(2)
  })

  test('a cleaner takes no step after it was stopped, however often, nor when it is started again', async () => {
    const { cleaner, step } = await counted()
    cleaner.start()
    cleaner.stop()
    cleaner.stop()
    cleaner.start()
    await vi.advanceTimersByTimeAsync(2 * REST_MS)
    expect(step).toHaveBeenCalledTimes(1)
  })

  test('a cleaner that was stopped before it was started never takes a step', async () => {
    const { cleaner, step } = await counted()
    cleaner.stop()
    cleaner.start()
    await vi.advanceTimersByTimeAsync(REST_MS)
    expect(step).not.toHaveBeenCalled()
  })
})
