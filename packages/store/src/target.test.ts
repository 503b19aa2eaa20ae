import { describe, expect, test } from 'vitest'
import { tempStore } from './testing/temp-store.ts'

describe('the target', () => {
  test('is unknown in a new file', () => {
    expect(tempStore().store.target.read()).toMatchObject({
      state: 'unknown',
      reason: null,
      suspectedAt: null,
      stalledAt: null,
      embedderDoesNotFit: false,
    })
  })

  test('has each fact as it was noted last', () => {
    const { target } = tempStore().store
    target.note({ state: 'away', since: 1_000, reason: 'refused' })
    target.note({ embedderDoesNotFit: true })
    target.suspect(2_000)
    expect(target.read()).toMatchObject({
      state: 'away',
      since: 1_000,
      reason: 'refused',
      suspectedAt: 2_000,
      embedderDoesNotFit: true,
    })
    target.note({ state: 'up', reason: null })
    expect(target.read()).toMatchObject({
      state: 'up',
      reason: null,
      suspectedAt: 2_000,
      embedderDoesNotFit: true,
    })
  })
})
