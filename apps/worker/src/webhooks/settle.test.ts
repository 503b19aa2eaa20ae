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
  ['2xx means delivered', answered(204), 0, { kind: 'delivered' }],
  ['2xx means delivered, however many attempts failed before', answered(200), 7, { kind: 'delivered' }],
  ['410 means that the receiver is gone', answered(410), 0, { kind: 'gone' }],
  [
    'after the first failure the next attempt is soon',
    failed,
    0,
    { kind: 'again', nextAttemptAt: NOW + 5_000 },
  ],
  ['a redirect counts as a failure', answered(302), 0, { kind: 'again', nextAttemptAt: NOW + 5_000 }],
  [
    'after the second failure the pause is longer',
    answered(500),
    1,
    { kind: 'again', nextAttemptAt: NOW + 300_000 },
  ],
  ['Retry-After sets the pause', answered(429, '60'), 0, { kind: 'again', nextAttemptAt: NOW + 60_000 }],
  [
    'after the seventh failure there is one more attempt',
    failed,
    6,
    { kind: 'again', nextAttemptAt: NOW + 36_000_000 },
  ],
  ['after the eighth failure the delivery is dead', failed, 7, { kind: 'dead' }],
])('%s', (_what, outcome, failures, result) => {
  expect(settle(outcome, { at: NOW - 7, failures, nowMs: NOW, random: () => 0.5 }).result).toEqual(result)
})

test('an attempt is recorded with its status or its error', () => {
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
