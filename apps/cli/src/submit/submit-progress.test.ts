import { expect, test } from 'vitest'
import { progressLine, Speed } from './submit-progress.ts'

test.each([
  [{ done: 41, failed: 1, submitted: 60, total: 100 }, 2, '41 of 100 done, 1 failed, 2.0/s, ends in 30 s'],
  [{ done: 41, failed: 0, submitted: 60, total: undefined }, 2, '41 done, of 60 so far, 0 failed, 2.0/s'],
  [{ done: 0, failed: 0, submitted: 10, total: 10 }, 0, '0 of 10 done, 0 failed, 0.0/s'],
  [{ done: 10, failed: 0, submitted: 10, total: 10 }, 5, '10 of 10 done, 0 failed, 5.0/s'],
])('%o', (counts, perSecond, expected) => {
  expect(progressLine(counts, perSecond)).toBe(expected)
})

test('the speed is that of the last minute, and not of what was there before', () => {
  const speed = new Speed()
  speed.note(1_000, 0)
  expect(speed.perSecond).toBe(0)
  speed.note(1_010, 10_000)
  expect(speed.perSecond).toBe(1)
  for (let second = 20; second <= 130; second += 10) speed.note(1_010, second * 1_000)
  expect(speed.perSecond).toBe(0)
})
