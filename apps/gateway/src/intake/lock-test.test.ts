import { openStore, type Store } from '@foreman/store'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LockTest } from './lock-test.ts'

/** An empty queue, and a clock that the test sets. */
const trial = () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-gateway-'))
  const store: Store = openStore(path.join(directory, 'foreman.db'), { busyTimeoutMs: 5 })
  onTestFinished(() => {
    store.close()
    fs.rmSync(directory, { recursive: true })
  })
  const clock = { now: 1_000_000 }
  const lockTest = new LockTest({ store, now: () => clock.now })
  const beat = (id = 'w') => store.workers.heartbeat({ id, pid: 1, active: true, startedAt: 0 }, clock.now)
  /** Runs one step of the test, lets ten seconds pass, and runs another. */
  const checkTwice = (meanwhile: () => void) => {
    lockTest.check()
    clock.now += 10_000
    meanwhile()
    lockTest.check()
  }
  return { store, clock, lockTest, beat, checkTwice }
}

const nothing = () => undefined

test('locks work when a worker with heartbeats holds its lock', () => {
  const { store, lockTest, beat, checkTwice } = trial()
  const lock = store.takeWorkerLock()
  beat()
  checkTwice(beat)
  expect(lockTest.isBroken).toBe(false)
  expect(() => lockTest.ensureWorkingLocks()).not.toThrow()
  lock?.release()
})

test('locks do not work when a worker goes on with its heartbeats although its lock was taken', () => {
  const { lockTest, beat, checkTwice } = trial()
  beat()
  checkTwice(beat)
  expect(lockTest.isBroken).toBe(true)
  expect(() => lockTest.ensureWorkingLocks()).toThrow(expect.objectContaining({ status: 503 }))
})

test('one step of the test proves nothing', () => {
  const { lockTest, beat } = trial()
  beat()
  lockTest.check()
  expect(lockTest.isBroken).toBe(false)
})

test('the lock is free again after each step', () => {
  const { store, lockTest, beat } = trial()
  beat()
  lockTest.check()
  const lock = store.takeWorkerLock()
  expect(lock).toBeDefined()
  lock?.release()
})

test('jobs are accepted again when the locks work again', () => {
  const { store, lockTest, beat, checkTwice } = trial()
  beat()
  checkTwice(beat)
  expect(lockTest.isBroken).toBe(true)
  const lock = store.takeWorkerLock()
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
  const { store, lockTest, beat, checkTwice } = trial()
  beat('first')
  checkTwice(() => {
    store.workers.leave('first')
    beat('second')
  })
  expect(lockTest.isBroken).toBe(false)
})

test('a worker that died before the clock was set back proves nothing', () => {
  const { clock, lockTest, beat } = trial()
  clock.now += 3_600_000
  beat()
  clock.now -= 3_600_000
  for (let look = 0; look < 5; look++) {
    lockTest.check()
    clock.now += 10_000
  }
  expect(lockTest.isBroken).toBe(false)
})
