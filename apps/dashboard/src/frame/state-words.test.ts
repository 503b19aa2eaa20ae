import type { QueueSnapshot } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { stateWord } from './state-words.ts'

const snapshot = (state: QueueSnapshot['state'], running = 0, degraded = false) =>
  ({ state, running, health: { degraded, reasons: [] } }) as unknown as QueueSnapshot

test.each([
  ['working', snapshot('running', 1)],
  ['idle', snapshot('running')],
  ['degraded', snapshot('running', 1, true)],
  ['paused', snapshot('paused')],
  ['closed', snapshot('closed')],
  ['away', snapshot('away')],
  ['connecting', undefined],
])('it is %s', (word, of) => {
  expect(stateWord({ stream: { kind: 'open' }, ...(of && { snapshot: of }) }).word).toBe(word)
})

test('what was before the connection was lost is not told as if it were so now', () => {
  const stream = { kind: 'lost', retryAt: 0, error: undefined } as const
  expect(stateWord({ snapshot: snapshot('running', 1), stream }).word).toBe('connection lost')
})
