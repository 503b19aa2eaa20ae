import type { Prospect } from '@foreman/job-view'
import { expect, test } from 'vitest'
import { isNews } from './is-news.ts'

const NOW = 1_000_000
const why = { code: 'behind_in_line', text: '' }
const prospect = (position?: number, inMs?: number, code = why.code): Prospect => ({
  position,
  start: inMs === undefined ? undefined : { at: NOW + inMs, earliestAt: NOW, latestAt: NOW + inMs },
  why: { code, text: '' },
  now: NOW,
})

test.each<[what: string, told: Prospect | undefined, now: Prospect, isTold: boolean]>([
  ['the first one', undefined, prospect(), true],
  ['the same again', prospect(5, 40_000), prospect(5, 40_000), false],
  ['one place', prospect(10, 40_000), prospect(9, 40_000), false],
  ['more than a fifth of the places', prospect(10, 40_000), prospect(7, 40_000), true],
  ['being next', prospect(1), prospect(0), true],
  ['a little less time', prospect(5, 40_000), prospect(5, 33_000), false],
  ['more than a fifth of the time', prospect(5, 40_000), prospect(5, 31_000), true],
  ['a time at last', prospect(5), prospect(5, 31_000), true],
  ['another reason', prospect(5), prospect(5, undefined, 'target_away'), true],
])('%s is told or not', (_what, told, now, isTold) => {
  expect(isNews(told, now)).toBe(isTold)
})

test('a wait that goes by as foretold is told again only at the end of it', () => {
  const told = prospect(5, 40_000)
  const later = (ms: number): Prospect => ({ ...told, now: NOW + ms })
  expect([1_000, 20_000, 39_000].map(ms => isNews(told, later(ms)))).toEqual([false, false, false])
})
