import { expect, test } from 'vitest'
import { endInWords, reasonInWords, stretchesInWords } from './attempt-words.ts'

test('an attempt is told in words', () => {
  expect(reasonInWords('overdue')).toBe('it had waited for its bound')
  expect(reasonInWords('a_new_one')).toBe('a new one')
  expect(
    stretchesInWords([
      { kind: 'waited', ms: 180_000 },
      { kind: 'generated', ms: 4_200 },
    ]),
  ).toBe('waited 3 min, generated 4.2 s')
})

test.each([
  [{}, 'runs'],
  [{ end: { how: 'succeeded', at: 0 } }, 'succeeded'],
  [{ end: { how: 'retrying', at: 0, code: 'stall' } }, 'put back into the queue: stall'],
  [{ end: { how: 'failed', at: 0, code: 'http_error' }, status: 404 }, 'failed: http_error (status 404)'],
  [{ end: { how: 'cancelled', at: 0, code: 'cancelled' } }, 'cancelled'],
] as const)('%j: %s', (attempt, words) => {
  expect(endInWords({ stretches: [], ...attempt })).toBe(words)
})
