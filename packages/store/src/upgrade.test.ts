import Database from 'better-sqlite3'
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

test('a receiver that was gone stays so for the jobs of each caller that had been submitted before', () => {
  const file = oldFile(2)
  const url = 'http://a.example/'
  const db = new Database(file)
  db.exec(`UPDATE jobs SET caller = 'ann' WHERE id = 'job_queued';
    INSERT INTO job_details (job_seq, webhook_url, webhook_events)
      SELECT seq, '${url}', '["job.queued","job.cancelled"]' FROM jobs WHERE id <> 'job_ended';
    INSERT INTO gone_receivers (url, since) VALUES ('${url}', 1500);
    INSERT INTO webhook_deliveries (id, job_seq, event, url, host, body, state, next_attempt_at, created_at)
      VALUES ('msg_1', 1, 'job.queued', '${url}', 'a.example', '{}', 'pending', 1000, 1000)`)
  db.close()
  const store = openStore(file, { busyTimeoutMs: 5, compose: ({ event }) => event })
  onTestFinished(() => store.close())
  expect(store.deliveries.byId('msg_1')).toMatchObject({ caller: 'ann', state: 'pending' })
  store.submissions.cancel({ seq: 1, id: 'job_queued' }, 2_000, HOUR_MS)
  expect(store.deliveries.ofJob(1).map(({ event }) => event)).toEqual(['job.queued'])
  const webhook = { url, events: ['job.queued'] } as const
  for (const caller of ['ann', 'default', 'zoe']) {
    const { seq } = store.submissions.enqueue(newJob({ webhook, caller }), 1_200)
    expect(store.deliveries.ofJob(seq)).toHaveLength(1)
  }
})
