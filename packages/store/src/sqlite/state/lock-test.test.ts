import path from 'node:path'
import { expect, test } from 'vitest'
import { tempDirectory } from '../../testing/temp-directory.ts'
import type { WorkerRow } from '../../values.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { LockTest } from './lock-test.ts'

/** A real lock, and a worker and a clock that the test sets. */
const trial = () => {
  const file = path.join(tempDirectory(), 'foreman.db.worker-lock')
  const takeWorkerLock = () => takeExclusiveLock(file)
  const state: { now: number; worker: WorkerRow | undefined } = { now: 1_000_000, worker: undefined }
  const lockTest = new LockTest({ activeWorker: () => state.worker, takeWorkerLock, now: () => state.now })
  const beat = (id = 'w') => {
    state.worker = { id, pid: 1, active: true, startedAt: 0, heartbeatAt: state.now }
  }
  /** Runs one step of the test, lets ten seconds pass, and runs another. */
  const checkTwice = (meanwhile: () => void) => {
    lockTest.check()
    state.now += 10_000
    meanwhile()
    lockTest.check()
  }
  return { state, takeWorkerLock, lockTest, beat, checkTwice }
}

const nothing = () => undefined

test('locks work when a worker with heartbeats holds its lock', () => {
  const { takeWorkerLock, lockTest, beat, checkTwice } = trial()
  const lock = takeWorkerLock()
  beat()
  checkTwice(beat)
  expect(lockTest.isBroken).toBe(false)
  lock?.release()
})

test('locks do not work when a worker goes on with its heartbeats although its lock was taken', () => {
  const { lockTest, beat, checkTwice } = trial()
  beat()
  checkTwice(beat)
  expect(lockTest.isBroken).toBe(true)
})

test('one step of the test proves nothing', () => {
  const { lockTest, beat } = trial()
  beat()
  lockTest.check()
  expect(lockTest.isBroken).toBe(false)
})

test('the lock is free again after each step', () => {
  const { takeWorkerLock, lockTest, beat } = trial()
  beat()
  lockTest.check()
  const lock = takeWorkerLock()
  expect(lock).toBeDefined()
  lock?.release()
})

test('locks that work again are no longer broken', () => {
  const { takeWorkerLock, lockTest, beat, checkTwice } = trial()
  beat()
  checkTwice(beat)
  expect(lockTest.isBroken).toBe(true)
  const lock = takeWorkerLock()
  beat()
  lockTest.check()
  expect(lockTest.isBroken).toBe(false)
  lock?.release()
})

test('without a worker, the test proves nothing', () => {
  const { lockTest, checkTwice } = trial()
  checkTwice(nothing)
  expect(lockTest.isBroken).toBe(false)
})

test('a worker that died a moment ago proves nothing', () => {
  const { lockTest, beat, checkTwice } = trial()
  beat()
  checkTwice(nothing)
  expect(lockTest.isBroken).toBe(false)
})

test('a worker that died and another that took its place prove nothing', () => {
  const { lockTest, beat, checkTwice } = trial()
  beat('first')
  checkTwice(() => beat('second'))
  expect(lockTest.isBroken).toBe(false)
})

test('a worker that died before the clock was set back proves nothing', () => {
  const { state, lockTest, beat } = trial()
  state.now += 3_600_000
  beat()
  state.now -= 3_600_000
  for (let look = 0; look < 5; look++) {
    lockTest.check()
    state.now += 10_000
  }
  expect(lockTest.isBroken).toBe(false)
})
