import { describe, expect, test } from 'vitest'
import { tempStore } from './testing/temp-store.ts'
import { isAlive } from './workers.ts'

const worker = { id: 'w1', pid: 11, active: true, startedAt: 1_000 }

describe('a worker', () => {
  test('is known from its first beat, and its last one counts', () => {
    const { workers } = tempStore().store
    expect(workers.active()).toBeUndefined()
    workers.heartbeat(worker, 2_000)
    workers.heartbeat(worker, 4_000)
    expect(workers.active()).toEqual({ ...worker, heartbeatAt: 4_000 })
  })

  test('that stands by is not the one that works, until it takes over', () => {
    const { workers } = tempStore().store
    workers.heartbeat({ ...worker, active: false }, 2_000)
    expect(workers.active()).toBeUndefined()
    workers.heartbeat(worker, 3_000)
    expect(workers.active()?.id).toBe('w1')
  })

  test('that leaves is gone, and those that stand by are not', () => {
    const temp = tempStore()
    const { workers } = temp.store
    workers.heartbeat(worker, 2_000)
    workers.heartbeat({ ...worker, id: 'w2', active: false }, 2_000)
    workers.leave('w1')
    expect(workers.active()).toBeUndefined()
    expect(temp.rows('SELECT id FROM workers')).toEqual([{ id: 'w2' }])
  })

  test('that has not been heard of for long is forgotten', () => {
    const temp = tempStore()
    for (const [id, at] of [
      ['old', 1_000],
      ['new', 2_000],
    ] as const) {
      temp.store.workers.heartbeat({ ...worker, id, active: false }, at)
    }
    temp.store.workers.forgetStale(2_000)
    expect(temp.rows('SELECT id FROM workers')).toEqual([{ id: 'new' }])
  })

  test('takes the place of one that died, also when that seems to have beaten later: the clock was set back', () => {
    const { workers } = tempStore().store
    workers.heartbeat(worker, 3_600_000)
    workers.heartbeat({ ...worker, id: 'w2' }, 1_000)
    expect(workers.active()).toMatchObject({ id: 'w2', heartbeatAt: 1_000 })
  })
})

test.each([
  ['a heartbeat of this moment', 10_000, true],
  ['one that another write held up', 2_000, true],
  ['one that is too old', 1_999, false],
  ['one that a clock has written that was set back since, a little', 18_000, true],
  ['and far', 18_001, false],
])('%s makes a worker alive or not', (_what, heartbeatAt, alive) => {
  expect(isAlive({ heartbeatAt }, 10_000)).toBe(alive)
})

test('no worker is not alive', () => {
  expect(isAlive(undefined, 10_000)).toBe(false)
})
