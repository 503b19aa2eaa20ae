import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import type { NewHold } from '../../values.ts'
import type { Engine } from './engine.ts'

const pause: NewHold = { kind: 'pause', by: 'ann' }
const low: NewHold = { kind: 'priority', subject: 'low', by: 'ann' }

/** Who did what to what, the oldest first. */
const done = async ({ operations }: Store): Promise<string[]> =>
  (await operations.list({ limit: 100 }))
    .map(({ by, action, subject }) => `${by} ${action} ${subject}`.trim())
    .toReversed()

export const holdsContract = (engine: Engine): void => {
  describe('a hold', () => {
    test('is there from when it is set until it is released, and who did either is written down', async () => {
      const { store, open } = await engine.create()
      const set = await store.holds.set({ ...pause, reason: 'a game', releases: true, unloads: true }, 1_000)
      expect(set).toEqual({
        id: expect.stringMatching(/^hold_[0-9a-f]{32}$/) as string,
        kind: 'pause',
        subject: '',
        startedAt: 1_000,
        until: null,
        reason: 'a game',
        by: 'ann',
        releases: true,
        unloads: true,
      })
      expect(await (await open()).holds.list(9_000)).toEqual([set])
      expect(await store.holds.release({ kind: 'pause' }, { by: 'bob', reason: 'done' }, 2_000)).toBe(true)
      expect(await store.holds.list(2_000)).toEqual([])
      expect(await store.operations.list({ limit: 9 })).toMatchObject([
        { at: 2_000, endedAt: 2_000, by: 'bob', action: 'resume', reason: 'done', detail: { kind: 'pause' } },
        {
          at: 1_000,
          by: 'ann',
          action: 'pause',
          reason: 'a game',
          detail: { releases: true, unloads: true },
        },
      ])
    })

    test('that is set again as it is changes nothing, whoever does it', async () => {
      const { store } = await engine.create()
      const set = await store.holds.set({ ...low, until: 9_000 }, 1_000)
      expect(await store.holds.set({ ...low, until: 9_000, by: 'bob' }, 2_000)).toEqual(set)
      expect(await done(store)).toEqual(['ann hold low'])
    })

    test('may be given another end and reason, and stays the same hold', async () => {
      const { store } = await engine.create()
      const { id } = await store.holds.set(low, 1_000)
      const changed = await store.holds.set({ ...low, until: 9_000, reason: 'a flood', by: 'bob' }, 2_000)
      expect(changed).toMatchObject({ id, startedAt: 1_000, until: 9_000, reason: 'a flood', by: 'bob' })
      expect(await store.holds.list(2_000)).toEqual([changed])
      expect(await done(store)).toEqual(['ann hold low', 'bob hold low'])
    })

    test('is one for each subject, and can be released by its id', async () => {
      const { store } = await engine.create()
      const { id } = await store.holds.set(low, 1_000)
      await store.holds.set({ ...low, subject: 'normal' }, 1_100)
      await store.holds.set({ kind: 'model', subject: 'low', by: 'ann' }, 1_200)
      expect(await store.holds.release({ id }, { by: 'ann' }, 2_000)).toBe(true)
      expect(await store.holds.list(2_000)).toMatchObject([
        { kind: 'priority', subject: 'normal' },
        { kind: 'model', subject: 'low' },
      ])
      expect(await store.holds.release({ id }, { by: 'ann' }, 2_000)).toBe(false)
      expect(await store.holds.release({ kind: 'pause' }, { by: 'ann' }, 2_000)).toBe(false)
      expect(await done(store)).toEqual([
        'ann hold low',
        'ann hold normal',
        'ann hold low',
        'ann release low',
      ])
    })

    test.each([
      ['priority', 'open_priority'],
      ['model', 'open_model'],
    ] as const)('of a %s and what lets it through end each other', async (kind, open) => {
      const { store } = await engine.create()
      await store.holds.set({ kind, subject: 'x', by: 'ann' }, 1_000)
      await store.holds.set({ kind: open, subject: 'x', by: 'ann' }, 1_000)
      expect(await store.holds.list(1_000)).toMatchObject([{ kind: open }])
      await store.holds.set({ kind, subject: 'x', by: 'ann' }, 1_000)
      expect(await store.holds.list(1_000)).toMatchObject([{ kind }])
    })

    test('is over when its time has come, is deleted then, and a new one may begin', async () => {
      const { store } = await engine.create()
      const { id } = await store.holds.set({ ...pause, until: 5_000 }, 1_000)
      await store.holds.set({ ...low, until: 8_000 }, 1_000)
      expect(await store.holds.dropOver(4_999)).toBe(5_000)
      expect(await store.holds.list(4_999)).toHaveLength(2)
      expect(await store.holds.list(5_000)).toMatchObject([{ kind: 'priority' }])
      expect(await store.holds.release({ id }, { by: 'ann' }, 5_000)).toBe(false)
      expect(await store.holds.dropOver(8_000)).toBeUndefined()
      expect(await done(store)).toEqual(['ann pause', 'ann hold low', 'foreman release low'])
      expect(await store.holds.set(pause, 9_000)).toMatchObject({ startedAt: 9_000, until: null })
    })

    test('that is set when the old one is over is a new one', async () => {
      const { store } = await engine.create()
      const { id } = await store.holds.set({ ...pause, until: 5_000 }, 1_000)
      const next = await store.holds.set({ ...pause, until: 9_000 }, 6_000)
      expect(next).toMatchObject({ startedAt: 6_000 })
      expect(next.id).not.toBe(id)
      expect(await store.holds.dropOver(6_000)).toBe(9_000)
    })
  })

  describe('what the worker is asked for', () => {
    const end = { by: 'ann', action: 'end_turn', reason: 'in a hurry' }

    test('is asked for once until it is done', async () => {
      const { store } = await engine.create()
      expect(await store.operations.asked('end_turn')).toBeUndefined()
      await store.operations.ask(end, 1_000)
      await store.operations.ask({ ...end, by: 'bob' }, 2_000)
      const asked = await store.operations.asked('end_turn')
      expect(asked).toMatchObject({ by: 'ann', at: 1_000, state: 'running', endedAt: null })
      await store.operations.end(asked!.id, { state: 'done', done: 1 }, 3_000)
      expect(await store.operations.asked('end_turn')).toBeUndefined()
      expect(await store.operations.list({ limit: 9 })).toEqual([
        { ...asked, state: 'done', done: 1, endedAt: 3_000 },
      ])
      await store.operations.ask(end, 5_000)
      expect(await store.operations.asked('end_turn')).toMatchObject({ at: 5_000 })
    })

    test('is nothing that was only written down, or asked for under another name', async () => {
      const { store } = await engine.create()
      await store.operations.note(end, 1_000)
      await store.operations.ask({ ...end, action: 'other' }, 1_000)
      expect(await store.operations.asked('end_turn')).toBeUndefined()
    })
  })
}
