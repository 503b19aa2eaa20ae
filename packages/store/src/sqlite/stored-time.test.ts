import { describe, expect, test } from 'vitest'
import { hasCome, isBeyond } from './stored-time.ts'

const NOW = 1_000_000
const present = { now: NOW, horizonMs: 60_000 }

describe('what is due at a stored time', () => {
  test.each<[what: string, at: number, come: boolean, beyond: boolean]>([
    ['is due at that time', NOW, true, false],
    ['is due after it', NOW - 1, true, false],
    ['stays due when the clock is set forth by hours', NOW - 10 * 3_600_000, true, false],
    ['waits until then', NOW + 1, false, false],
    ['waits for the longest wait', NOW + 60_000, false, false],
    ['is due now when the clock was set back, so that the time is further ahead', NOW + 60_001, true, true],
    ['is due now when the clock was set back by hours', NOW + 10 * 3_600_000, true, true],
  ])('%s', (_what, at, come, beyond) => {
    expect(hasCome(at, present)).toBe(come)
    expect(isBeyond(at, present)).toBe(beyond)
  })
})
