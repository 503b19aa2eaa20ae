import type { Store } from '@foreman/store'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { newJob, openTempStore, silent, tempFile } from '../testing/fixtures.ts'
import { JobCleaner } from './job-cleaner.ts'

const TTL_MS = 1_000
const REST_MS = 10_000

const expiredJob = (store: Store): number => {
  const job = store.submissions.enqueue(newJob(), 0)
  store.submissions.cancel(job, 0, TTL_MS)
  return job.seq
}

const setUp = () => {
  const file = tempFile()
  const store = openTempStore(file)
  const clock = { now: 0 }
  const cleaner = new JobCleaner({ store, logger: silent, now: () => clock.now })
  return { file, store, clock, cleaner }
}

describe('one step', () => {
  test('deletes a job once it has expired', () => {
    const { store, clock, cleaner } = setUp()
    const seq = expiredJob(store)
    clock.now = TTL_MS - 1
    cleaner.step()
    expect(store.records.bySeq(seq)).toBeDefined()
    clock.now = TTL_MS
    cleaner.step()
    expect(store.records.bySeq(seq)).toBeUndefined()
  })

  test('says that there is more to delete when it has deleted all it may in one step', () => {
    const { store, clock, cleaner } = setUp()
    store.atOnce('normal', () => {
      for (let job = 0; job < 600; job++) expiredJob(store)
    })
    clock.now = TTL_MS
    expect(cleaner.step()).toBe(true)
    while (cleaner.step());
    expect(store.records.ended()).toBe(0)
  })

  test('does the rest when a part of it fails', () => {
    const { store, cleaner } = setUp()
    vi.spyOn(store.housekeeping, 'pruneExpired').mockImplementation(() => {
      throw new Error('malformed')
    })
    const delivered = vi.spyOn(store.housekeeping, 'pruneDelivered')
    const shrink = vi.spyOn(store.housekeeping, 'shrink')
    expect(cleaner.step()).toBe(false)
    expect([delivered, shrink].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
  })

  test('leaves everything for later while another process writes', () => {
    const { file, store, clock, cleaner } = setUp()
    const seq = expiredJob(store)
    clock.now = TTL_MS
    openTempStore(file).atOnce('normal', () => expect(cleaner.step()).toBe(false))
    expect(store.records.bySeq(seq)).toBeDefined()
    cleaner.step()
    expect(store.records.bySeq(seq)).toBeUndefined()
  })
})

describe('start and stop', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  const counted = () => {
    const { cleaner } = setUp()
    return { cleaner, step: vi.spyOn(cleaner, 'step') }
  }

  test('a started cleaner takes a step now and one every ten seconds', () => {
    const { cleaner, step } = counted()
    cleaner.start()
    expect(step).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(2 * REST_MS)
    expect(step).toHaveBeenCalledTimes(3)
  })

  test('a cleaner that is started twice takes no more steps than one started once', () => {
    const { cleaner, step } = counted()
    cleaner.start()
    cleaner.start()
    vi.advanceTimersByTime(REST_MS)
    expect(step).toHaveBeenCalledTimes(2)
  })

  test('a cleaner takes no step after it was stopped, however often, nor when it is started again', () => {
    const { cleaner, step } = counted()
    cleaner.start()
    cleaner.stop()
    cleaner.stop()
    cleaner.start()
    vi.advanceTimersByTime(2 * REST_MS)
    expect(step).toHaveBeenCalledTimes(1)
  })

  test('a cleaner that was stopped before it was started never takes a step', () => {
    const { cleaner, step } = counted()
    cleaner.stop()
    cleaner.start()
    vi.advanceTimersByTime(REST_MS)
    expect(step).not.toHaveBeenCalled()
  })
})
