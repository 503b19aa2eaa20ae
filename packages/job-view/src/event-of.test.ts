import type { LogEntry } from '@foreman/store'
import { expect, test } from 'vitest'
import { eventOf } from './event-of.ts'

const AT = Date.UTC(2030, 0, 31, 12)
const TIME = '2030-01-31T12:00:00.000Z'
type Event = Extract<LogEntry, { kind: 'event' }>['event']

test.each<[event: Event, name: string, data: object]>([
  [{ type: 'queued', at: AT }, 'queued', { state: 'queued', at: TIME }],
  [{ type: 'queued', arrivedAt: AT, at: AT }, 'queued', { state: 'queued', at: TIME, arrived_at: TIME }],
  [
    { type: 'started', attempt: 2, reason: 'drained', at: AT },
    'started',
    { state: 'running', attempt: 2, at: TIME, reason: 'drained' },
  ],
  [{ type: 'reset', attempt: 2, at: AT }, 'reset', { attempt: 2 }],
  [{ type: 'progress', attempt: 2, tokens: 7, at: AT }, 'progress', { attempt: 2, tokens: 7, at: TIME }],
  [
    { type: 'released', attempt: 2, code: 'stall', availableAt: AT, at: AT },
    'retrying',
    { state: 'queued', attempt: 2, code: 'stall', next_attempt_at: TIME, at: TIME },
  ],
  [
    { type: 'released', attempt: 2, code: 'target_away', at: AT },
    'retrying',
    { state: 'queued', attempt: 2, code: 'target_away', at: TIME },
  ],
  [{ type: 'lost', attempt: 2, at: AT }, 'lost', { attempt: 2, at: TIME }],
  [{ type: 'cancel_requested', at: AT }, 'cancel_requested', { at: TIME }],
  [{ type: 'succeeded', attempt: 2, at: AT }, 'succeeded', { state: 'succeeded', attempt: 2, at: TIME }],
  [
    { type: 'failed', attempt: 2, code: 'stall', at: AT },
    'failed',
    { state: 'failed', attempt: 2, code: 'stall', at: TIME },
  ],
])('the change %j is the event %s', (event, name, data) => {
  const text = eventOf({ id: 5, attempt: 2, kind: 'event', event })
  expect(text).toBe(`id: 5\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
})

test.each<[bytes: Buffer, data: object]>([
  [Buffer.from('a\n\u00e9\r\n'), { attempt: 1, text: 'a\n\u00e9\r\n' }],
  [Buffer.from('\ufeffa'), { attempt: 1, text: '\ufeffa' }],
  [Buffer.from([0xc3]), { attempt: 1, base64: 'ww==' }],
])('output %j is text where it is some', (bytes, data) => {
  const text = eventOf({ id: 5, attempt: 1, kind: 'body', bytes })
  expect(text).toBe(`id: 5\nevent: output\ndata: ${JSON.stringify(data)}\n\n`)
})

test('the head of an answer is an event', () => {
  const text = eventOf({ id: 5, attempt: 1, kind: 'head', head: { status: 404, headers: [['A', 'b']] } })
  expect(text).toBe('id: 5\nevent: head\ndata: {"attempt":1,"status":404}\n\n')
})
