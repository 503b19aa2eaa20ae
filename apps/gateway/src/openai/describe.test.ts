import type { BatchCounts, BatchRow } from '@foreman/store'
import { expect, test } from 'vitest'
import { renderedBy, statusOf } from './describe.ts'

const HOUR_MS = 3_600_000

const row: BatchRow = {
  seq: 1,
  id: `batch_${'0'.repeat(32)}`,
  caller: 'ann',
  createdAt: 0,
  jobs: 3,
  cancelRequestedAt: null,
  finishedAt: null,
  endpoint: '/v1/chat/completions',
  inputFile: 'file-0',
  completionWindow: '1h',
  metadata: null,
}
const none: BatchCounts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, refused: 0 }

test.each<
  [status: string, batch: Partial<BatchRow>, counts: Partial<BatchCounts>, endedAt: number | undefined]
>([
  ['in_progress', {}, { queued: 2, running: 1 }, undefined],
  ['cancelling', { cancelRequestedAt: 1 }, { running: 1, cancelled: 2 }, undefined],
  ['cancelled', { cancelRequestedAt: 1 }, { succeeded: 1, cancelled: 2 }, 5],
  ['completed', { cancelRequestedAt: 1 }, { succeeded: 3 }, 5],
  ['completed', {}, { succeeded: 3 }, 5],
  ['completed', {}, { failed: 3 }, 5],
  ['completed', {}, { succeeded: 2, refused: 1 }, 5],
  ['completed', {}, { succeeded: 3 }, HOUR_MS],
  ['expired', {}, { succeeded: 1, failed: 2 }, HOUR_MS],
  ['failed', { jobs: 0 }, { refused: 3 }, 5],
])('is %s: %o with %o, ended at %s', (status, batch, counts, endedAt) => {
  expect(statusOf({ batch: { ...row, ...batch }, counts: { ...none, ...counts }, endedAt })).toBe(status)
})

test('the id of a rendered file names its batch, and no other id does', () => {
  const hex = '0123456789abcdef'.repeat(2)
  expect(renderedBy(`file-${hex}-output`)).toEqual({ batchId: `batch_${hex}`, kind: 'output' })
  expect(renderedBy(`file-${hex}-errors`)).toEqual({ batchId: `batch_${hex}`, kind: 'errors' })
  for (const other of [`file-${hex}`, `file-${hex}-input`, `x-file-${hex}-output`])
    expect(renderedBy(other)).toBeUndefined()
})
