import { BrokenJobError, HEARTBEAT_MS } from '@foreman/store'
import { someFigures, unavailableError } from '@foreman/store/testing'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Standby } from './standby.ts'
import {
  claimedJob,
  isLockFree,
  losableLock,
  openTempStore,
  silent,
  soon,
  tempFile,
} from './testing/fixtures.ts'

const LOCK_POLL_MS = 250
const START = 1_000_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** Two workers may be set up on one queue, each with a store of its own. */
const setUp = async (file = tempFile()) => {
  const store = await openTempStore(file)
  const lock = losableLock(store)
  const clock = { now: START }
  const onActive = vi.fn<() => void>()
  const onLost = vi.fn<() => Promise<void>>(() => Promise.resolve())
  const standby = new Standby({
    store,
    logger: silent,
    now: () => clock.now,
    pid: 7,
    figures: () => someFigures,
    jobTtlMs: 1_000,
    onActive,
    onLost,
  })
  onTestFinished(() => standby.leave())
  /** The row of the active worker. The heartbeat that says so may be under way. */
  const active = () => store.workers.active()
  const isActive = () => standby.isActive
  return { file, store, lock, clock, onActive, onLost, standby, active, isActive }
}

describe('the only worker of a queue', () => {
  test('is active at once, and says so in the store', async () => {
    const { onActive, standby, active } = await setUp()
    await standby.start()
    expect(standby.isActive).toBe(true)
    expect(onActive).toHaveBeenCalledTimes(1)
    await expect.poll(active, soon).toMatchObject({ pid: 7, startedAt: START, heartbeatAt: START })
  })

  test('is active although a lost job could not be put back, and the log says why', async () => {
    const { store, standby } = await setUp()
    const error = vi.spyOn(silent, 'error')
    onTestFinished(() => error.mockRestore())
    const err = new BrokenJobError(1, new Error('malformed'))
    const recovery = { requeued: 0, failed: 1, cancelled: 0, broken: [err] }
    vi.spyOn(store.runs, 'requeueLost').mockResolvedValue(recovery)
    await standby.start()
    expect(standby.isActive).toBe(true)
    expect(error).toHaveBeenCalledWith({ err, jobSeq: 1 }, 'a lost job could not be put back')
  })

  test('updates its heartbeat, also after one that the store could not take', async () => {
    const { store, clock, standby, active } = await setUp()
    await standby.start()
    await expect.poll(active, soon).toBeDefined()
    const refused = vi.spyOn(store.workers, 'heartbeat').mockRejectedValueOnce(unavailableError())
    clock.now += HEARTBEAT_MS
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
    expect(refused).toHaveBeenCalledTimes(1)
    expect((await active())?.heartbeatAt).toBe(START)
    clock.now += HEARTBEAT_MS
    await vi.advanceTimersByTimeAsync(HEARTBEAT_MS)
    await expect.poll(active, soon).toMatchObject({ heartbeatAt: clock.now })
  })

  test('removes its row and frees the lock when it leaves', async () => {
    const { store, standby, active } = await setUp()
    await standby.start()
    await standby.leave()
    expect(standby.isActive).toBe(false)
    expect(await active()).toBeUndefined()
    expect(await isLockFree(store)).toBe(true)
    const beat = vi.spyOn(store.workers, 'heartbeat')
    await vi.advanceTimersByTimeAsync(2 * HEARTBEAT_MS)
    expect(beat).not.toHaveBeenCalled()
  })

  test('puts back the jobs that a dead worker left running, before it begins', async () => {
    const { store, onActive, standby } = await setUp()
    const { seq } = await claimedJob(store)
    let whenActive: ReturnType<typeof store.records.bySeq> | undefined
    onActive.mockImplementation(() => void (whenActive = store.records.bySeq(seq)))
    await standby.start()
    expect(onActive).toHaveBeenCalledTimes(1)
    expect(await whenActive).toMatchObject({ state: 'queued', lostCount: 1 })
  })

  test('forgets workers that died without removing their row', async () => {
    const { store, standby, active } = await setUp()
    const dead = { id: 'dead', pid: 1, active: true, startedAt: 0 }
    await store.workers.heartbeat(dead, START - 60_001)
    await standby.start()
    await standby.leave()
    expect(await active()).toBeUndefined()
  })
})

describe('a second worker', () => {
  const setUpTwo = async () => {
    const first = await setUp()
    const second = await setUp(first.file)
    await first.standby.start()
    await second.standby.start()
    return { first, second }
  }

  test('stands by while the first is active', async () => {
    const { first, second } = await setUpTwo()
    const take = vi.spyOn(second.store.locks, 'take')
    await vi.advanceTimersByTimeAsync(10 * LOCK_POLL_MS)
    await expect.poll(() => take.mock.settledResults.length, soon).toBeGreaterThan(1)
    expect(second.standby.isActive).toBe(false)
    expect(second.onActive).not.toHaveBeenCalled()
    expect(first.standby.isActive).toBe(true)
  })

  test('takes over once when the first has left', async () => {
    const { first, second } = await setUpTwo()
    await first.standby.leave()
    await vi.advanceTimersByTimeAsync(10 * LOCK_POLL_MS)
    await expect.poll(second.isActive, soon).toBe(true)
    await vi.advanceTimersByTimeAsync(10 * LOCK_POLL_MS)
    expect(second.onActive).toHaveBeenCalledTimes(1)
  })

  test('tries again when it could not try to take the lock', async () => {
    const { first, second } = await setUpTwo()
    await first.standby.leave()
    const take = vi.spyOn(second.store.locks, 'take')
    take.mockClear()
    take.mockRejectedValueOnce(new Error('disk I/O error'))
    await vi.advanceTimersByTimeAsync(LOCK_POLL_MS)
    expect(take.mock.settledResults).toEqual([expect.objectContaining({ type: 'rejected' })])
    expect(second.standby.isActive).toBe(false)
    await vi.advanceTimersByTimeAsync(LOCK_POLL_MS)
    await expect.poll(second.isActive, soon).toBe(true)
  })

  test('does not take over after it was told to stop waiting', async () => {
    const { first, second } = await setUpTwo()
    await second.standby.stopWaiting()
    await first.standby.leave()
    const take = vi.spyOn(second.store.locks, 'take')
    take.mockClear()
    await vi.advanceTimersByTimeAsync(10 * LOCK_POLL_MS)
    expect(take).not.toHaveBeenCalled()
    expect(second.standby.isActive).toBe(false)
  })

  test('gives the lock back while the store takes no writes, and takes over later', async () => {
    const { first, second } = await setUpTwo()
    await first.standby.leave()
    const refused = vi.spyOn(second.store.runs, 'requeueLost').mockRejectedValueOnce(unavailableError())
    await vi.advanceTimersByTimeAsync(LOCK_POLL_MS)
    await expect.poll(() => refused.mock.settledResults.length, soon).toBe(1)
    expect(second.standby.isActive).toBe(false)
    await expect.poll(() => isLockFree(first.store), soon).toBe(true)
    await vi.advanceTimersByTimeAsync(LOCK_POLL_MS)
    await expect.poll(second.isActive, soon).toBe(true)
  })
})

describe('a worker that loses the lock', () => {
  test('ends its work, says in the store that it stands by, and takes over again when the lock is free', async () => {
    const { lock, onActive, onLost, standby, active, isActive } = await setUp()
    await standby.start()
    await expect.poll(active, soon).toBeDefined()
    lock.lose()
    expect(standby.isActive).toBe(false)
    expect(onLost).toHaveBeenCalledTimes(1)
    await expect.poll(active, soon).toBeUndefined()
    await vi.advanceTimersByTimeAsync(LOCK_POLL_MS)
    await expect.poll(isActive, soon).toBe(true)
    await expect.poll(active, soon).toBeDefined()
    expect(onActive).toHaveBeenCalledTimes(2)
    lock.lose()
    expect(onLost).toHaveBeenCalledTimes(2)
  })

  test('does not take it again before its work has ended', async () => {
    const { store, lock, onLost, standby, isActive } = await setUp()
    const ended = Promise.withResolvers<void>()
    onLost.mockReturnValueOnce(ended.promise)
    await standby.start()
    const take = vi.spyOn(store.locks, 'take')
    take.mockClear()
    lock.lose()
    await vi.advanceTimersByTimeAsync(10 * LOCK_POLL_MS)
    expect(take).not.toHaveBeenCalled()
    ended.resolve()
    await setImmediate()
    await vi.advanceTimersByTimeAsync(LOCK_POLL_MS)
    await expect.poll(isActive, soon).toBe(true)
  })

  test('while it takes over does not become active, and tries again', async () => {
    const { store, lock, onActive, onLost, standby, active, isActive } = await setUp()
    const requeueLost = store.runs.requeueLost.bind(store.runs)
    vi.spyOn(store.runs, 'requeueLost').mockImplementationOnce(async ending => {
      const recovery = await requeueLost(ending)
      lock.lose()
      return recovery
    })
    await standby.start()
    expect(standby.isActive).toBe(false)
    expect(onActive).not.toHaveBeenCalled()
    expect(onLost).not.toHaveBeenCalled()
    expect(await active()).toBeUndefined()
    expect(await isLockFree(store)).toBe(true)
    await vi.advanceTimersByTimeAsync(LOCK_POLL_MS)
    await expect.poll(isActive, soon).toBe(true)
    expect(onActive).toHaveBeenCalledTimes(1)
  })

  test('while it leaves does not wait for it again', async () => {
    const { store, lock, onLost, standby, active } = await setUp()
    const ended = Promise.withResolvers<void>()
    onLost.mockReturnValueOnce(ended.promise)
    await standby.start()
    lock.lose()
    await standby.leave()
    ended.resolve()
    await setImmediate()
    const take = vi.spyOn(store.locks, 'take')
    take.mockClear()
    await vi.advanceTimersByTimeAsync(10 * LOCK_POLL_MS)
    expect(take).not.toHaveBeenCalled()
    expect(await active()).toBeUndefined()
  })
})

describe('a worker that is stopped while it takes over', () => {
  test('does not become active, gives the lock back, and the stop waits for that', async () => {
    const { store, onActive, standby } = await setUp()
    const requeueLost = store.runs.requeueLost.bind(store.runs)
    const goOn = Promise.withResolvers<void>()
    const recover = vi.spyOn(store.runs, 'requeueLost').mockImplementationOnce(async ending => {
      await goOn.promise
      return requeueLost(ending)
    })
    const started = standby.start()
    await expect.poll(() => recover.mock.calls.length, soon).toBe(1)
    let isStopped = false
    const stopped = standby.stopWaiting().then(() => (isStopped = true))
    await setImmediate()
    expect(isStopped).toBe(false)
    goOn.resolve()
    await stopped
    expect(await isLockFree(store)).toBe(true)
    await started
    expect(standby.isActive).toBe(false)
    expect(onActive).not.toHaveBeenCalled()
  })
})
