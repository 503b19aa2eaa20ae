import { describe, expect, test } from 'vitest'
import { tempStore } from './testing/temp-store.ts'
import { isAlive } from './workers.ts'

const worker = { id: 'w1', pid: 11, active: true, startedAt: 1_000 }

describe('a worker', () => {
  test('is known from its first heartbeat on, and has the time of its last', () => {
    const { workers } = tempStore().store
    expect(workers.active()).toBeUndefined()
    workers.heartbeat(worker, 2_000)
    workers.heartbeat(worker, 4_000)
    expect(workers.active()).toEqual({ ...worker, heartbeatAt: 4_000 })
  })

  test('on standby is not the active one until it takes over', () => {
    const { workers } = tempStore().store
    workers.heartbeat({ ...worker, active: false }, 2_000)
    expect(workers.active()).toBeUndefined()
    workers.heartbeat(worker, 3_000)
    expect(workers.active()?.id).toBe('w1')
  })

  test('that leaves is deleted, and workers on standby are not', () => {
    const temp = tempStore()
    const { workers } = temp.store
    workers.heartbeat(worker, 2_000)
    workers.heartbeat({ ...worker, id: 'w2', active: false }, 2_000)
    workers.leave('w1')
    expect(workers.active()).toBeUndefined()
    expect(temp.rows('SELECT id FROM workers')).toEqual([{ id: 'w2' }])
  })

  test('whose heartbeat is old, or from before the clock was set back, is deleted by forgetStale', () => {
    const temp = tempStore()
    for (const [id, at] of [
      ['old', 1_000],
      ['new', 2_000],
      ['ahead', 122_000],
      ['far ahead', 122_001],
    ] as const) {
      temp.store.workers.heartbeat({ ...worker, id, active: false }, at)
    }
    temp.store.workers.forgetStale(62_000)
    const left = temp.rows('SELECT id FROM workers ORDER BY heartbeat_at')
    expect(left).toEqual([{ id: 'new' }, { id: 'ahead' }])
  })

  test('replaces a dead active worker, even if the clock was set back and its heartbeat looks later', () => {
    const { workers } = tempStore().store
    workers.heartbeat(worker, 3_600_000)
    workers.heartbeat({ ...worker, id: 'w2' }, 1_000)
    expect(workers.active()).toMatchObject({ id: 'w2', heartbeatAt: 1_000 })
  })
})

test.each([
  ['a heartbeat of this moment', 10_000, true],
  ['a heartbeat that another write delayed', 2_000, true],
  ['a heartbeat that is too old', 1_999, false],
  ['a heartbeat in the near future, because the clock was set back', 18_000, true],
  ['a heartbeat in the far future', 18_001, false],
])('%s decides whether the worker is alive', (_what, heartbeatAt, alive) => {
  expect(isAlive({ heartbeatAt }, 10_000)).toBe(alive)
})

test('without a worker, none is alive', () => {
  expect(isAlive(undefined, 10_000)).toBe(false)
})
