import { expect, test } from 'vitest'
import { filterOf } from './filter.ts'

const now = Date.parse('2030-01-31T12:00:00Z')

test.each<[string[], object]>([
  [[], {}],
  [['state=failed', 'model=llama3.3:70b'], { state: 'failed', model: 'llama3.3:70b' }],
  [
    ['since=2h', 'until=2030-01-31T11:00:00Z'],
    { since: new Date(now - 7_200_000), until: new Date(now - 3_600_000) },
  ],
  [['meta.page=7', 'meta.a.b=x=y'], { meta: { page: '7', 'a.b': 'x=y' } }],
])('%j', (pairs, filter) => {
  expect(filterOf(pairs, now)).toEqual(filter)
})

test.each(['colour=red', 'failed', '=x', 'since=soon'])('%s is no filter', pair => {
  expect(() => filterOf([pair], now)).toThrow(/is no filter|since must be a time/)
})
