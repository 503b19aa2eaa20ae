import { expect, onTestFinished, test } from 'vitest'
import { openStore } from './open-store.ts'
import { oldFile } from './testing/old-file.ts'
import { HOUR_MS, newJob } from './testing/temp-store.ts'

test('a file of the first version is migrated, and its jobs go on', () => {
  const store = openStore(oldFile(), { busyTimeoutMs: 5 })
  onTestFinished(() => store.close())
  const states = () => store.records.list({ limit: 9 }).map(({ id, state }) => [id, state])
  expect(states()).toEqual([
    ['job_ended', 'succeeded'],
    ['job_running', 'running'],
    ['job_queued', 'queued'],
  ])
  expect(store.records.byId('job_queued')).toMatchObject({ caller: 'default', priority: 1, metadata: null })
  expect(store.runs.requeueLost(3_000, HOUR_MS)).toMatchObject({ requeued: 1 })
  const urgent = store.submissions.enqueue(newJob({ priority: 'high' }), 3_000)
  const order = [0, 1, 2].map(() => store.queue.claimNext('m', 'first', 3_000, 3_000)?.id)
  expect(order).toEqual([urgent.id, 'job_queued', 'job_running'])
  expect(store.housekeeping.pruneExpired(9_000).pruned).toBe(1)
  store.housekeeping.check()
})
