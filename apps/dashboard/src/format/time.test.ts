import { expect, test } from 'vitest'
import { exactTime, relativeTime, timeOfDay } from './time.ts'

const NOW = Date.parse('2026-11-26T12:04:31Z')

test.each([
  [0, 'now'],
  [-1_400, 'now'],
  [19_000, 'in 19 s'],
  [-200_000, '3 min ago'],
  [7_140_000, 'in 1 h 59 min'],
  [18_400_000, 'in 5 h'],
  [-200_000_000, '2 d 7 h ago'],
])('a time that is %d ms from now is shown as %s', (distance, text) => {
  expect(relativeTime(NOW + distance, NOW)).toBe(text)
})

test('a time of day has seconds, and an exact time names its day and its zone', () => {
  expect(timeOfDay(NOW)).toMatch(/^\d\d:\d\d:31$/)
  expect(exactTime(NOW)).toMatch(/2026.*:31 \S+/)
})
