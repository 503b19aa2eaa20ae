import { expect, test } from 'vitest'
import { actionFilterOf, jobsInWords, metadataChanges, metadataText, queryOf } from './filters.ts'

const now = Date.parse('2030-01-31T12:00:00.000Z')

const filters = {
  state: 'failed',
  model: ' alpha ',
  since: '1h',
  'meta.document': '4711',
  cursor: '1a',
  other: 'x',
}

test('a list is asked for by what stands in the URL, and a duration is a time', () => {
  expect(queryOf(filters, now)).toMatchObject({
    state: 'failed',
    model: 'alpha',
    since: '2030-01-31T11:00:00.000Z',
    'meta.document': '4711',
  })
  expect(queryOf(filters, now)).not.toHaveProperty('cursor')
  expect(queryOf({ since: '2030-01-01T00:00:00Z' }, now)['since']).toBe('2030-01-01T00:00:00Z')
})

test('what is done to many is told the same filter, without what is empty', () => {
  expect(actionFilterOf(filters, now)).toEqual({
    state: 'failed',
    model: 'alpha',
    since: '2030-01-31T11:00:00.000Z',
    meta: { document: '4711' },
  })
  expect(actionFilterOf({ model: ' ' }, now)).toEqual({})
})

test.each([
  [{}, 'jobs'],
  [{ state: 'failed', model: 'alpha', caller: 'ann' }, 'failed jobs of alpha, called by ann'],
  [{ priority: 'low', since: '1h' }, 'low-priority jobs of the last 1h'],
  [{ code: 'stall', 'meta.page': '7' }, 'jobs that ended with stall, whose page is 7'],
])('%j are %s', (given, words) => {
  expect(jobsInWords(given)).toBe(words)
})

test('metadata is typed as name=value, and replaces what was there', () => {
  expect(metadataText(filters)).toBe('document=4711')
  expect(metadataChanges('page=7 kind=a=b half', filters)).toEqual({
    'meta.document': '',
    'meta.page': '7',
    'meta.kind': 'a=b',
  })
})
