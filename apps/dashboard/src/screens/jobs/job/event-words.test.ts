import type { JobEvent } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { eventInWords } from './event-words.ts'

const at = '2030-01-31T12:00:00Z'

const cases: readonly (readonly [JobEvent, string])[] = [
  [{ id: '1', event: 'queued', data: { state: 'queued', at } }, ''],
  [
    { id: '1', event: 'queued', data: { state: 'queued', at, arrived_at: at } },
    'in the place of an earlier request',
  ],
  [
    { id: '2', event: 'started', data: { state: 'running', attempt: 1, at, reason: 'first' } },
    'attempt 1, because nothing was in memory',
  ],
  [
    { id: '3', event: 'head', data: { attempt: 1, status: 200 } },
    'attempt 1: the target answers with status 200',
  ],
  [
    { id: '4', event: 'retrying', data: { state: 'queued', attempt: 1, code: 'stall', at } },
    'attempt 1: stall',
  ],
  [{ id: '5', event: 'lost', data: { attempt: 2, at } }, 'attempt 2: its worker died'],
  [{ id: '6', event: 'failed', data: { state: 'failed', attempt: 2, code: 'stall', at } }, 'stall'],
  [{ id: '7', event: 'cancelled', data: { state: 'cancelled', attempt: 2, code: 'cancelled', at } }, ''],
  [{ id: '8', event: 'cancel_requested', data: { at } }, ''],
]

test.each(cases)('%j: %s', (event, words) => {
  expect(eventInWords(event)).toBe(words)
})
