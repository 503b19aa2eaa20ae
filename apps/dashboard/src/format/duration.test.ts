import { expect, test } from 'vitest'
import { clock, duration } from './duration.ts'

test.each([
  [0, '0 ms'],
  [840, '840 ms'],
  [1_000, '1.0 s'],
  [8_240, '8.2 s'],
  [9_960, '10 s'],
  [41_210, '41 s'],
  [59_999, '1 min'],
  [402_000, '6 min 42 s'],
  [3_600_000, '1 h'],
  [11_520_000, '3 h 12 min'],
  [187_200_000, '2 d 4 h'],
  [-5, '0 ms'],
])('%d ms are shown as %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test.each([
  [-100, '0 s'],
  [400, '0 s'],
  [8_240, '8 s'],
  [61_900, '1 min 2 s'],
])('a running clock shows %d ms as %s', (ms, text) => {
  expect(clock(ms)).toBe(text)
})
