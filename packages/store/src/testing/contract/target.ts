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
        residentGroups: null,
        residents: null,
        expectingUntil: null,
        rules: null,
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
        residentGroups: null,
        residents: null,
        expectingUntil: null,
        rules: null,
      })
      await target.note({ state: 'up', reason: null, stalledAt: 3_000 })
      const rules = { maxWaitMs: 1, maxWaitLowMs: 2, halfLifeMs: 0, concurrency: 3 }
      const residents = [
        { name: 'm', groups: ['a', 'b'], bytes: 7, expiresAt: 9_000 },
        { name: 'n', groups: [], bytes: null, expiresAt: null },
      ]
      await target.note({ residentGroups: ['a', 'b'], residents, expectingUntil: 4_000, rules })
      expect(await target.read()).toEqual({
        state: 'up',
        since: 1_000,
        reason: null,
        suspectedAt: 2_000,
        stalledAt: 3_000,
        embedderDoesNotFit: true,
        residentGroups: ['a', 'b'],
        residents,
        expectingUntil: 4_000,
        rules,
      })
    })
  })
}
