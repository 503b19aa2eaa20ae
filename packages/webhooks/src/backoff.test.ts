import { describe, expect, test } from 'vitest'
import { nextAttemptDelayMs, retryScheduleMs } from './backoff.ts'
import { classify, type Outcome } from './classify.ts'

const NOW = Date.UTC(2030, 0, 31, 12)
const HOUR_MS = 3_600_000
const after = (failures: number, random: number, retryAfter?: string) =>
  nextAttemptDelayMs({ failures, retryAfter, nowMs: NOW, random: () => random })

test('the waits are 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, a fifth shorter or longer', () => {
  expect(retryScheduleMs).toEqual([5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000])
  for (const [step, ms] of retryScheduleMs.entries()) {
    expect([0, 0.5, 1].map(random => after(step + 1, random))).toEqual([ms * 0.8, ms, ms * 1.2])
  }
  expect(after(retryScheduleMs.length + 1, 0.5)).toBeUndefined()
})

describe('Retry-After', () => {
  test.each<[retryAfter: string, delayMs: number]>([
    ['60', 60_000],
    [' 60 ', 60_000],
    ['1', 5_000],
    ['0', 5_000],
    ['-60', 5_000],
    ['soon', 5_000],
    ['', 5_000],
    ['999999999', 24 * HOUR_MS],
    [new Date(NOW + HOUR_MS).toUTCString(), HOUR_MS],
    [new Date(NOW - HOUR_MS).toUTCString(), 5_000],
    [new Date(NOW + 90 * HOUR_MS).toUTCString(), 24 * HOUR_MS],
  ])('%j makes the first wait %i ms', (retryAfter, delayMs) => {
    expect(after(1, 0.5, retryAfter)).toBe(delayMs)
  })

  test('does not make a schedule longer that is over', () => {
    expect(after(8, 0.5, '60')).toBeUndefined()
  })
})

test.each<[status: number, verdict: string]>([
  [200, 'delivered'],
  [204, 'delivered'],
  [299, 'delivered'],
  [302, 'retry'],
  [304, 'retry'],
  [400, 'retry'],
  [401, 'retry'],
  [404, 'retry'],
  [410, 'gone'],
  [429, 'retry'],
  [500, 'retry'],
  [503, 'retry'],
])('an answer of %i is %s', (status, verdict) => {
  expect(classify({ kind: 'answered', status, excerpt: '', durationMs: 1 })).toBe(verdict)
})

test.each(['refused_destination', 'look_up', 'connection', 'tls', 'not_http', 'timeout'] as const)(
  'what failed for %s is tried again',
  code => {
    expect(classify({ kind: 'failed', code, message: '', durationMs: 1 } satisfies Outcome)).toBe('retry')
  },
)
