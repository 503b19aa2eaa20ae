import type { Operation } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { operationInWords } from './operation-words.ts'

const wordsOf = (given: Partial<Operation>) =>
  operationInWords({ id: 1, state: 'done', by: 'ann', at: '2026-01-01T00:00:00Z', action: '', ...given })

test.each<[Partial<Operation>, string]>([
  [{ action: 'pause', detail: { kind: 'pause' } }, 'paused the queue'],
  [{ action: 'resume', detail: { over: true } }, 'ended the pause, whose time was over'],
  [{ action: 'hold', subject: 'a:1', detail: { kind: 'model' } }, 'held a:1'],
  [
    { action: 'hold', subject: 'low', detail: { kind: 'open_priority' } },
    'let low run outside of its window',
  ],
  [{ action: 'release', subject: 'a:1', detail: { kind: 'model' } }, 'released a:1'],
  [
    { action: 'release', subject: 'low', detail: { kind: 'open_priority', over: true } },
    'ended the exception of low, as its time was over',
  ],
  [{ action: 'cancel', subject: 'jobs', matched: 1_200, done: 1_200 }, 'cancelled 1,200 of 1,200 jobs'],
  [
    { action: 'redeliver', subject: 'deliveries', matched: 9, done: 4, state: 'stopped' },
    'sent again 4 of 9 webhooks, then stopped',
  ],
  [{ action: 'cancel', subject: 'batch_1' }, 'cancel batch_1'],
  [{ action: 'something_new', subject: 'x' }, 'something new x'],
])('%o is told as %s', (operation, what) => {
  expect(wordsOf(operation)).toEqual({ what })
})

test('until when it holds is told', () => {
  const { what } = wordsOf({ action: 'pause', detail: { until: '2026-01-01T12:00:00Z' } })
  expect(what).toMatch(/^paused the queue until 1 Jan 2026, \d\d:00:00/)
})

test('a job is named apart, and what was changed of it', () => {
  const operation = { action: 'change', subject: 'job_1', detail: { priority: 'low' } }
  expect(wordsOf(operation)).toEqual({ what: 'changed (priority low)', job: 'job_1' })
})
