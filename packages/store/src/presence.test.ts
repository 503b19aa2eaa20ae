import { describe, expect, test } from 'vitest'
import { tempStore } from './testing/temp-store.ts'

const worker = { id: 'w1', pid: 11, active: true, startedAt: 1_000 }

describe('a worker', () => {
  test('is known from its first beat, and its last one counts', () => {
    const { presence } = tempStore().store
    expect(presence.activeWorker()).toBeUndefined()
    presence.heartbeat(worker, 2_000)
    presence.heartbeat(worker, 4_000)
    expect(presence.activeWorker()).toEqual({ ...worker, heartbeatAt: 4_000 })
  })

  test('that stands by is not the one that works, until it takes over', () => {
    const { presence } = tempStore().store
    presence.heartbeat({ ...worker, active: false }, 2_000)
    expect(presence.activeWorker()).toBeUndefined()
    presence.heartbeat(worker, 3_000)
    expect(presence.activeWorker()?.id).toBe('w1')
  })

  test('that leaves is gone, and those that stand by are not', () => {
    const temp = tempStore()
    const { presence } = temp.store
    presence.heartbeat(worker, 2_000)
    presence.heartbeat({ ...worker, id: 'w2', active: false }, 2_000)
    presence.leave('w1')
    expect(presence.activeWorker()).toBeUndefined()
    expect(temp.rows('SELECT id FROM workers')).toEqual([{ id: 'w2' }])
  })

  test('that has not been heard of for long is forgotten', () => {
    const temp = tempStore()
    for (const [id, at] of [
      ['old', 1_000],
      ['new', 2_000],
    ] as const) {
      temp.store.presence.heartbeat({ ...worker, id, active: false }, at)
    }
    temp.store.presence.forgetStale(2_000)
    expect(temp.rows('SELECT id FROM workers')).toEqual([{ id: 'new' }])
  })

  test('takes the place of one that died, also when that seems to have beaten later: the clock was set back', () => {
    const { presence } = tempStore().store
    presence.heartbeat(worker, 3_600_000)
    presence.heartbeat({ ...worker, id: 'w2' }, 1_000)
    expect(presence.activeWorker()).toMatchObject({ id: 'w2', heartbeatAt: 1_000 })
  })
})

describe('the target', () => {
  test('is unknown in a new file', () => {
    expect(tempStore().store.presence.target()).toMatchObject({
      state: 'unknown',
      reason: null,
      suspectedAt: null,
      stalledAt: null,
      embedderDoesNotFit: false,
    })
  })

  test('is what was noted last, each thing by itself', () => {
    const { presence } = tempStore().store
    presence.noteTarget({ state: 'away', since: 1_000, reason: 'refused' })
    presence.noteTarget({ embedderDoesNotFit: true })
    presence.suspectTarget(2_000)
    expect(presence.target()).toMatchObject({
      state: 'away',
      since: 1_000,
      reason: 'refused',
      suspectedAt: 2_000,
      embedderDoesNotFit: true,
    })
    presence.noteTarget({ state: 'up', reason: null })
    expect(presence.target()).toMatchObject({
      state: 'up',
      reason: null,
      suspectedAt: 2_000,
      embedderDoesNotFit: true,
    })
  })
})
