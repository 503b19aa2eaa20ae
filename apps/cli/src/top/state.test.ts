import type { JobNews, QueueSnapshot } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { moved, selectable, withNews } from './state.ts'

const news = (job: string, state = 'queued'): JobNews => ({ job, state, model: 'm', caller: 'c', at: '' })
const snapshot = { targets: [{ in_flight: [{ job: 'a' }] }] } as unknown as QueueSnapshot
const state = (selected?: string) => ({ snapshot, recent: [news('b'), news('a'), news('c')], selected })

test('a job is in the list once, with its last state', () => {
  expect(withNews([news('a'), news('b')], news('b', 'running'))).toEqual([news('b', 'running'), news('a')])
})

test('the list has an end', () => {
  let recent: JobNews[] = []
  for (let n = 0; n < 50; n++) recent = withNews(recent, news(`job_${n}`))
  expect([recent.length, recent[0]?.job]).toEqual([20, 'job_49'])
})

test('what runs comes first, and each job once', () => {
  expect(selectable(state())).toEqual(['a', 'b', 'c'])
})

test.each([
  [undefined, 1, 'a'],
  [undefined, -1, 'c'],
  ['a', 1, 'b'],
  ['c', 1, 'c'],
  ['a', -1, 'a'],
  ['gone', 1, 'a'],
] as const)('from %s, the marker moves by %d to %s', (selected, by, to) => {
  expect(moved(state(selected), by)).toBe(to)
})
