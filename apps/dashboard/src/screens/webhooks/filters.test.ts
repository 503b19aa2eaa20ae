import { expect, test } from 'vitest'
import { deadFilterOf, deadInWords, queryOf } from './filters.ts'

const now = Date.parse('2030-01-31T12:00:00.000Z')
const filters = { state: 'pending', host: ' receiver.example:8443 ', since: '15m', cursor: '1a' }

test('a list is asked for by what stands in the URL', () => {
  expect(queryOf(filters, now)).toEqual({
    state: 'pending',
    before: '1a',
    host: 'receiver.example:8443',
    since: '2030-01-31T11:45:00.000Z',
  })
})

test('only dead webhooks are sent again, whatever state is shown', () => {
  expect(deadFilterOf(filters, now)).toEqual({
    host: 'receiver.example:8443',
    since: '2030-01-31T11:45:00.000Z',
  })
  expect(deadInWords({ host: 'a.example', caller: 'ann', since: '1h' })).toBe(
    'dead webhooks to a.example of ann of the last 1h',
  )
  expect(deadInWords({})).toBe('dead webhooks')
})
