import { expect, test } from 'vitest'
import { newId, newJobId, newToken } from './ids.ts'

test('ids and tokens are unique', () => {
  const many = <T>(make: () => T) => new Set(Array.from({ length: 1_000 }, make)).size
  expect([many(() => newJobId(1_000)), many(() => newId('msg', 1_000)), many(newToken)]).toEqual([
    1_000, 1_000, 1_000,
  ])
})

test('ids name their kind, and sort by the time at which they were made', () => {
  expect(newJobId(1_000)).toMatch(/^job_[0-9a-f]{32}$/)
  expect(newId('msg', 1_000)).toMatch(/^msg_[0-9a-f]{32}$/)
  const ids = [1, 1_000, 1_001, 1_800_000_000_000].map(newJobId)
  expect(ids.toSorted()).toEqual(ids)
})
