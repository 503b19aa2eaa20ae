import { BrokenJobError, HEARTBEAT_MS } from '@foreman/store'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Standby } from './standby.ts'
import { claimedJob, openTempStore, silent, tempFile } from './testing/fixtures.ts'

const LOCK_POLL_MS = 250
const START = 1_000_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** Two workers may be set up on one file, each with a connection of its own. */
const setUp = (file = tempFile()) => {
  const store = openTempStore(file)
  const clock = { now: START }
  const onActive = vi.fn<() => void>()
  const standby = new Standby({
    store,
    logger: silent,
    now: () => clock.now,
    pid: 7,
    jobTtlMs: 1_000,
    onActive,
  })
  onTestFinished(() => standby.leave())
  return { file, store, clock, onActive, standby }
}

describe('the only worker of a file', () => {
  test('is active at once, and says so in the file', () => {
    const { store, onActive, standby } = setUp()
    standby.start()
    expect(standby.isActive).toBe(true)
    expect(onActive).toHaveBeenCalledTimes(1)
    expect(store.workers.active()).toMatchObject({ pid: 7, startedAt: START, heartbeatAt: START })
  })

  test('is active although a lost job could not be put back, and the log says why', () => {
    const { store, standby } = setUp()
    const error = vi.spyOn(silent, 'error')
    onTestFinished(() => error.mockRestore())
    const err = new BrokenJobError(1, new Error('malformed'))
    const recovery = { requeued: 0, failed: 1, cancelled: 0, broken: [err] }
    vi.spyOn(store.runs, 'requeueLost').mockReturnValue(recovery)
    standby.start()
    expect(standby.isActive).toBe(true)
    expect(error).toHaveBeenCalledWith({ err, jobSeq: 1 }, 'a lost job could not be put back')
  })

  test('updates its heartbeat, also after one that the file could not take', () => {
    const { file, store, clock, standby } = setUp()
    standby.start()
    clock.now += HEARTBEAT_MS
    openTempStore(file).atOnce('normal', () => vi.advanceTimersByTime(HEARTBEAT_MS))
    expect(store.workers.active()?.heartbeatAt).toBe(START)
    clock.now += HEARTBEAT_MS
    vi.advanceTimersByTime(HEARTBEAT_MS)
    expect(store.workers.active()?.heartbeatAt).toBe(clock.now)
  })

  test('removes its row and frees the lock when it leaves', () => {
    const { store, standby } = setUp()
    standby.start()
    standby.leave()
    expect(standby.isActive).toBe(false)
    expect(store.workers.active()).toBeUndefined()
    const lock = store.takeWorkerLock()
    expect(lock).toBeDefined()
    lock?.release()
    vi.advanceTimersByTime(2 * HEARTBEAT_MS)
    expect(store.workers.active()).toBeUndefined()
  })

  test('puts back the jobs that a dead worker left running, before it begins', () => {
    const { store, onActive, standby } = setUp()
    const { seq } = claimedJob(store)
    onActive.mockImplementation(() => expect(store.records.bySeq(seq)?.state).toBe('queued'))
    standby.start()
    expect(onActive).toHaveBeenCalledTimes(1)
    expect(store.records.bySeq(seq)).toMatchObject({ state: 'queued', lostCount: 1 })
  })

  test('forgets workers that died without removing their row', () => {
    const { store, standby } = setUp()
    const dead = { id: 'dead', pid: 1, active: true, startedAt: 0 }
    store.workers.heartbeat(dead, START - 60_001)
    standby.start()
    standby.leave()
    expect(store.workers.active()).toBeUndefined()
  })
})

describe('a second worker', () => {
  const setUpTwo = () => {
    const first = setUp()
    const second = setUp(first.file)
    first.standby.start()
    second.standby.start()
    return { first, second }
  }

  test('stands by while the first is active', () => {
    const { first, second } = setUpTwo()
    vi.advanceTimersByTime(10 * LOCK_POLL_MS)
    expect(second.standby.isActive).toBe(false)
    expect(second.onActive).not.toHaveBeenCalled()
    expect(first.standby.isActive).toBe(true)
  })

  test('takes over once when the first has left', () => {
    const { first, second } = setUpTwo()
    first.standby.leave()
    vi.advanceTimersByTime(10 * LOCK_POLL_MS)
    expect(second.standby.isActive).toBe(true)
    expect(second.onActive).toHaveBeenCalledTimes(1)
  })

  test('tries again when it could not try to take the lock', () => {
    const { first, second } = setUpTwo()
    first.standby.leave()
    vi.spyOn(second.store, 'takeWorkerLock').mockImplementationOnce(() => {
      throw new Error('disk I/O error')
    })
    vi.advanceTimersByTime(LOCK_POLL_MS)
    expect(second.standby.isActive).toBe(false)
    vi.advanceTimersByTime(LOCK_POLL_MS)
    expect(second.standby.isActive).toBe(true)
  })

  test('does not take over after it was told to stop waiting', () => {
    const { first, second } = setUpTwo()
    second.standby.stopWaiting()
    first.standby.leave()
    vi.advanceTimersByTime(10 * LOCK_POLL_MS)
    expect(second.standby.isActive).toBe(false)
  })

  test('gives the lock back while the file takes no writes, and takes over later', () => {
    const { first, second } = setUpTwo()
    const other = openTempStore(first.file)
    first.standby.leave()
    other.atOnce('normal', () => vi.advanceTimersByTime(LOCK_POLL_MS))
    expect(second.standby.isActive).toBe(false)
    const lock = other.takeWorkerLock()
    expect(lock).toBeDefined()
    lock?.release()
    vi.advanceTimersByTime(LOCK_POLL_MS)
    expect(second.standby.isActive).toBe(true)
  })
})
