import { expect, test } from 'vitest'
import { time } from './time.ts'

test.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [1_700_000_000_123, '2023-11-14T22:13:20.123Z'],
  // From a damaged row: one job must not keep a list of jobs from its caller.
  [Number.MAX_SAFE_INTEGER, '+275760-09-13T00:00:00.000Z'],
  [Number.MIN_SAFE_INTEGER, '-271821-04-20T00:00:00.000Z'],
])('%d ms since the epoch are %s', (ms, text) => {
  expect(time(ms)).toBe(text)
})
