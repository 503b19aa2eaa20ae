import { expect, test } from 'vitest'
import { median, medianSpread, percentile, spread } from './stats.ts'

const hundred = Array.from({ length: 100 }, (_, at) => 100 - at)

test.each([
  [0, 1],
  [0.5, 50],
  [0.501, 51],
  [0.99, 99],
  [1, 100],
])('the share %d of 1 … 100 is at most %d', (share, value) => {
  expect(percentile(hundred, share)).toBe(value)
})

test('a percentile is always one of the values', () => {
  expect(percentile([3], 0.99)).toBe(3)
  expect(percentile([7, 3], 0.5)).toBe(3)
  expect(percentile([10, 9, 100], 0.99)).toBe(100)
})

test('the percentile of no values is NaN', () => {
  expect(percentile([], 0.5)).toBeNaN()
})

test('median does not sort the given values in place', () => {
  const values = [3, 1, 2]
  expect(median(values)).toBe(2)
  expect(values).toEqual([3, 1, 2])
})

test('one disturbed round of three does not change the median', () => {
  const rounds = [
    { p50: 1, p99: 5 },
    { p50: 90, p99: 900 },
    { p50: 2, p99: 4 },
  ]
  expect(medianSpread(rounds)).toEqual({ p50: 2, p99: 5 })
  expect(spread(hundred)).toEqual({ p50: 50, p99: 99 })
})
