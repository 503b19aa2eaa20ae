import { expect, test } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

const NOW_MS = Date.parse('2030-01-01T00:00:00Z')

test.each<[value: string | undefined, ms: number | undefined]>([
  ['0', 0],
  ['120', 120_000],
  ['Tue, 01 Jan 2030 00:00:05 GMT', 5_000],
  ['Mon, 31 Dec 2029 23:59:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After: %j asks to wait %j ms', (value, ms) => {
  expect(retryAfterMs(value, NOW_MS)).toBe(ms)
})
