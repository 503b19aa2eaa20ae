import type { ArrivalOrder } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { loadsInWords, savedInWords } from './saved.ts'

const order = (more: Partial<ArrivalOrder>): ArrivalOrder => ({
  from: '',
  until: '',
  jobs: 10,
  is_cut: false,
  loads: 24,
  load_ms: 72_000,
  turns: [],
  actual: { loads: 3, load_ms: 9_000 },
  ...more,
})

test.each<[words: string | undefined, ArrivalOrder]>([
  ['21 loads and 1 min 3 s of loading saved', order({})],
  ['1 load and 1.0 s of loading saved', order({ loads: 4, load_ms: 10_000 })],
  ['21 loads saved', order({ load_ms: 0, actual: { loads: 3, load_ms: 0 } })],
  ['as many loads as in order of arrival', order({ loads: 3 })],
  ['as many loads as in order of arrival', order({ loads: 2, load_ms: 100 })],
  [undefined, order({ jobs: 0 })],
])('%s', (words, of) => {
  expect(savedInWords(of)).toBe(words)
})

test('loads are told with their time, if it was measured', () => {
  expect([loadsInWords(1, 3_100), loadsInWords(4, 0)]).toEqual(['1 load, 3.1 s', '4 loads'])
})
