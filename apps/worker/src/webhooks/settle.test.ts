import type { Outcome } from '@foreman/webhooks'
import { expect, test } from 'vitest'
import { settle } from './settle.ts'

const NOW = 1_000_000
const answered = (status: number, retryAfter?: string): Outcome => ({
  kind: 'answered',
  status,
  excerpt: 'said',
  durationMs: 7,
  ...(retryAfter !== undefined && { retryAfter }),
})
const failed: Outcome = { kind: 'failed', code: 'timeout', message: 'too late', durationMs: 7 }

test.each<[what: string, outcome: Outcome, failures: number, result: object]>([
  ['2xx has arrived', answered(204), 0, { kind: 'delivered' }],
  ['2xx has arrived, however often it failed before', answered(200), 7, { kind: 'delivered' }],
  ['410 ends all', answered(410), 0, { kind: 'gone' }],
  ['a first failure is tried again soon', failed, 0, { kind: 'again', nextAttemptAt: NOW + 5_000 }],
  ['a redirect is a failure', answered(302), 0, { kind: 'again', nextAttemptAt: NOW + 5_000 }],
  ['a second failure waits longer', answered(500), 1, { kind: 'again', nextAttemptAt: NOW + 300_000 }],
  ['Retry-After is heeded', answered(429, '60'), 0, { kind: 'again', nextAttemptAt: NOW + 60_000 }],
  ['the seventh failure is tried once more', failed, 6, { kind: 'again', nextAttemptAt: NOW + 36_000_000 }],
  ['the eighth is the end', failed, 7, { kind: 'dead' }],
])('%s', (_what, outcome, failures, result) => {
  expect(settle(outcome, { at: NOW - 7, failures, nowMs: NOW, random: () => 0.5 }).result).toEqual(result)
})

test('an attempt is kept with what came of it', () => {
  const sent = { at: NOW - 7, failures: 0, nowMs: NOW, random: () => 0.5 }
  expect(settle(answered(500), sent).attempt).toEqual({
    at: NOW - 7,
    durationMs: 7,
    status: 500,
    error: null,
    response: 'said',
  })
  expect(settle(failed, sent).attempt).toEqual({
    at: NOW - 7,
    durationMs: 7,
    status: null,
    error: 'timeout: too late',
    response: null,
  })
})
