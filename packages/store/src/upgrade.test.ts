import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from './open-store.ts'
import { HOUR_MS, newJob, tempDirectory } from './testing/temp-store.ts'

const migrations = path.join(import.meta.dirname, '../migrations')

/** A file as the first version left it: queued, running and ended jobs in it. */
const oldFile = (): string => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const db = new Database(file)
  db.pragma('auto_vacuum = INCREMENTAL')
  db.pragma('journal_mode = WAL')
  db.exec(
    fs
      .readFileSync(path.join(migrations, '0000_jobs.sql'), 'utf8')
      .replaceAll('--> statement-breakpoint', ''),
  )
  const { entries } = JSON.parse(fs.readFileSync(path.join(migrations, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[]
  }
  db.exec(
    'CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric)',
  )
  db.prepare(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('first', ?)`).run(entries[0]!.when)
  const insert = db.prepare(
    `INSERT INTO jobs (id, state, path, endpoint, model, model_name, load_options, group_key, streams, attempt,
       claim_token, created_at, finished_at, expires_at)
     VALUES (?, ?, '/api/chat', '/api/chat', 'm', 'm', '{}', 'm', 0, ?, ?, 1000, ?, ?)`,
  )
  insert.run('job_queued', 'queued', 0, null, null, null)
  insert.run('job_running', 'running', 1, 'token', null, null)
  insert.run('job_ended', 'succeeded', 1, null, 2_000, 9_000)
  for (const seq of [1, 2, 3])
    db.prepare(`INSERT INTO job_requests (job_seq, headers, body) VALUES (?, '[]', x'7b7d')`).run(seq)
  // 'fore'
  db.pragma('application_id = 1718579813')
  db.pragma('user_version = 1')
  db.close()
  return file
}

test('a file of the first version is brought up to date, and its jobs go on', () => {
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
