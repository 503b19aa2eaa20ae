import { expect, test } from 'vitest'
import { backOffMs } from './back-off.ts'

test('each failure doubles the wait, up to half a minute', () => {
  expect([1, 2, 3, 7, 100].map(failures => backOffMs(failures, 1))).toEqual([
    500, 1_000, 2_000, 30_000, 30_000,
  ])
})

test('pages that lose their connections together come back one after the other', () => {
  expect([0, 0.5, 1].map(random => backOffMs(3, random))).toEqual([1_000, 1_500, 2_000])
})
