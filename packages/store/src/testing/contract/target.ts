import { describe, expect, test } from 'vitest'
import type { Engine } from './engine.ts'

export const targetContract = (engine: Engine): void => {
  describe('the target', () => {
    test('is unknown in a new store', async () => {
      const { store } = await engine.create()
      expect(await store.target.read()).toEqual({
        state: 'unknown',
        since: 0,
        reason: null,
        suspectedAt: null,
        stalledAt: null,
        embedderDoesNotFit: false,
      })
    })

    test('has each fact as it was noted last', async () => {
      const { target } = (await engine.create()).store
      await target.note({ state: 'away', since: 1_000, reason: 'refused' })
      await target.note({ embedderDoesNotFit: true })
      await target.suspect(2_000)
      expect(await target.read()).toEqual({
        state: 'away',
        since: 1_000,
        reason: 'refused',
        suspectedAt: 2_000,
        stalledAt: null,
        embedderDoesNotFit: true,
      })
      await target.note({ state: 'up', reason: null, stalledAt: 3_000 })
      expect(await target.read()).toEqual({
        state: 'up',
        since: 1_000,
        reason: null,
        suspectedAt: 2_000,
        stalledAt: 3_000,
        embedderDoesNotFit: true,
      })
    })
  })
}
