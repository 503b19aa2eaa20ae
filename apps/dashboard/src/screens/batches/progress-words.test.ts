import { expect, test } from 'vitest'
import { endedInWords, progressInWords, progressOf } from './progress-words.ts'

const counts = { queued: 40, running: 1, succeeded: 958, failed: 1, cancelled: 0, total: 1_000 }

test('a batch is drawn by the states of its jobs, what has ended first', () => {
  expect(progressOf({ ...counts, deleted: 3 })).toEqual([
    { name: 'succeeded', value: 958 },
    { name: 'failed', value: 1 },
    { name: 'deleted', value: 3 },
    { name: 'running', value: 1 },
    { name: 'queued', value: 40 },
  ])
})

test('how far it is', () => {
  expect(progressInWords(counts)).toBe('958 succeeded, 1 failed, 1 running, 40 queued')
  expect(endedInWords(counts)).toBe('959 of 1,000 ended (96 %)')
  expect(endedInWords({ ...counts, queued: 0, running: 0, total: 0 })).toBe('0 of 0 ended (100 %)')
})
