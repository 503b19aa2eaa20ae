import { fullError } from '@foreman/store/testing'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { observer } from './observe.ts'
import { health, readiness } from './reasons.ts'

const setUp = () => {
  const store = tempStore()
  const state = { now: 1_000_000, isInPlace: true }
  const observe = observer({
    store,
    diskSpace: { lack: undefined },
    queueFile: {
      get isInPlace() {
        return state.isInPlace
      },
    },
    lockTest: { isBroken: false },
    isStopping: () => false,
    logger: pino({ level: 'silent' }),
    now: () => state.now,
  })
  store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, state.now)
  store.target.note({ state: 'up' })
  return { store, state, observe, reasons: () => health(observe()).reasons ?? [] }
}

test('is ready, and tests the file at most once a second', () => {
  const { store, state, observe, reasons } = setUp()
  const canWrite = vi.spyOn(store.housekeeping, 'canWrite')
  for (let ask = 0; ask < 10; ask++) expect(readiness(observe()).ready).toBe(true)
  expect(canWrite).toHaveBeenCalledTimes(1)
  state.now += 1_000
  expect(reasons()).toEqual([])
  expect(canWrite).toHaveBeenCalledTimes(2)
})

test('is not ready as soon as a write has failed, until one succeeds', () => {
  const { store, state, observe, reasons } = setUp()
  expect(reasons()).toEqual([])
  const fail = () => {
    throw fullError()
  }
  expect(() => store.atOnce('normal', fail)).toThrow('full')
  expect(reasons()).toEqual(['queue_not_writable'])
  expect(readiness(observe()).ready).toBe(false)
  state.now += 1_000
  expect(reasons()).toEqual([])
})

test('is not ready while the path leads to another file', () => {
  const { state, observe, reasons } = setUp()
  state.isInPlace = false
  expect(reasons()).toEqual(['queue_replaced'])
  expect(readiness(observe()).ready).toBe(false)
})

test('is not ready, and throws nothing, while the file cannot be read', () => {
  const { store, observe, reasons } = setUp()
  const active = vi.spyOn(store.workers, 'active').mockImplementation(() => {
    throw new Error('disk I/O error')
  })
  expect(reasons()).toEqual(['queue_not_readable'])
  expect(readiness(observe()).ready).toBe(false)
  active.mockRestore()
  expect(reasons()).toEqual([])
})
