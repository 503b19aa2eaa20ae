import type { Job } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { holdPage, newPage } from './held-page.ts'

const job = (id: string, state: Job['state'] = 'queued'): Job => ({
  id,
  state,
  endpoint: '/api/chat',
  model: 'alpha',
  priority: 'normal',
  caller: 'ann',
  attempts: 0,
  created_at: '2030-01-31T12:00:00Z',
})

const page = (ids: string, next: string | null = 'more') => ({
  jobs: ids.split('').map(id => job(id)),
  next_cursor: next,
})

const shown = newPage(page('cba'), 3)

test('rows stay where they are, and show what has become of their jobs', () => {
  const latest = { jobs: [job('c'), job('b', 'running'), job('a')], next_cursor: 'more' }
  const held = holdPage(shown, latest)
  expect(held.jobs.map(({ id, state }) => `${id} ${state}`)).toEqual(['c queued', 'b running', 'a queued'])
  expect(held).toMatchObject({ arrived: 0, gone: new Set() })
})

test('new jobs are counted, and what they have pushed off the page is not gone', () => {
  expect(holdPage(shown, page('edc'))).toMatchObject({ arrived: 2, gone: new Set() })
})

test('a job that no longer matches is gone, and an older one in its place is not new', () => {
  expect(holdPage(shown, page('ca0'))).toMatchObject({ arrived: 0, gone: new Set(['b']) })
})

test('on the last page whatever is missing is gone', () => {
  expect(holdPage(shown, page('', null))).toMatchObject({ arrived: 0, gone: new Set(['a', 'b', 'c']) })
})

test('when nothing of it is left on the latest page, all there are new', () => {
  expect(holdPage(shown, page('hgf'))).toMatchObject({ arrived: 3, gone: new Set() })
})
