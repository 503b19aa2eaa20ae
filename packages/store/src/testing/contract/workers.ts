import { describe, expect, test } from 'vitest'
import { someFigures } from '../figures.ts'
import type { Engine } from './engine.ts'

const worker = { id: 'w1', pid: 11, active: true, startedAt: 1_000 }

export const workersContract = (engine: Engine): void => {
  describe('a worker', () => {
    test('is known from its first heartbeat on, and has the time of its last', async () => {
      const { workers } = (await engine.create()).store
      expect(await workers.active()).toBeUndefined()
      await workers.heartbeat(worker, 2_000)
      await workers.heartbeat(worker, 4_000)
      expect(await workers.active()).toEqual({ ...worker, heartbeatAt: 4_000 })
    })

    test('is listed with what it says of itself, and its last word counts', async () => {
      const { store, openReader } = await engine.create()
      await store.workers.heartbeat(worker, 2_000)
      await store.workers.heartbeat(
        { ...worker, id: 'w2', pid: 12, active: false, startedAt: 1_500 },
        2_000,
        someFigures,
      )
      const row = {
        kind: 'worker',
        id: 'w1',
        pid: 11,
        active: true,
        startedAt: 1_000,
        heartbeatAt: 2_000,
        figures: null,
      }
      const other = { ...row, id: 'w2', pid: 12, active: false, startedAt: 1_500, figures: someFigures }
      const { overview } = await openReader()
      expect(await overview.processes()).toEqual([row, other])
      await store.workers.heartbeat(worker, 4_000, { ...someFigures, cpuMs: 70 })
      expect(await overview.processes()).toEqual([
        { ...row, heartbeatAt: 4_000, figures: { ...someFigures, cpuMs: 70 } },
        other,
      ])
    })

    test('on standby is not the active one until it takes over', async () => {
      const { workers } = (await engine.create()).store
      await workers.heartbeat({ ...worker, active: false }, 2_000)
      expect(await workers.active()).toBeUndefined()
      await workers.heartbeat(worker, 3_000)
      expect((await workers.active())?.id).toBe('w1')
    })

    test('that leaves is deleted, and workers on standby are not', async () => {
      const { store, counts } = await engine.create()
      await store.workers.heartbeat(worker, 2_000)
      await store.workers.heartbeat({ ...worker, id: 'w2', active: false }, 2_000)
      await store.workers.leave('w1')
      expect(await store.workers.active()).toBeUndefined()
      expect((await counts()).workers).toBe(1)
      await store.workers.leave('w2')
      expect((await counts()).workers).toBe(0)
    })

    test.each([
      ['old', 1_000, 0],
      ['new', 2_000, 1],
      ['ahead', 122_000, 1],
      ['far ahead, because the clock was set back since', 122_001, 0],
    ])('whose heartbeat is %s is forgotten if it is more than a minute from now', async (_what, at, left) => {
      const { store, counts } = await engine.create()
      await store.workers.heartbeat({ ...worker, active: false }, at)
      await store.workers.forgetStale(62_000)
      expect((await counts()).workers).toBe(left)
    })

    test('replaces a dead active worker, even if the clock was set back and its heartbeat looks later', async () => {
      const { store, counts } = await engine.create()
      await store.workers.heartbeat(worker, 3_600_000)
      await store.workers.heartbeat({ ...worker, id: 'standby', active: false }, 1_000)
      await store.workers.heartbeat({ ...worker, id: 'w2' }, 1_000)
      expect(await store.workers.active()).toMatchObject({ id: 'w2', heartbeatAt: 1_000 })
      // The one on standby stays.
      expect((await counts()).workers).toBe(2)
    })
  })
}
