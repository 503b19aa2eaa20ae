import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { migrationsFolder } from '../open-connection.ts'
import { newFile } from './temp-store.ts'

/**
 * A file as an early version of the store left it, with a queued, a running and an ended job.
 *
 * @param versions how many migrations it has had
 */
export const oldFile = (versions = 1): string => {
  const file = newFile()
  const db = new Database(file)
  db.pragma('auto_vacuum = INCREMENTAL')
  db.pragma('journal_mode = WAL')
  const { entries } = JSON.parse(
    fs.readFileSync(path.join(migrationsFolder, 'meta/_journal.json'), 'utf8'),
  ) as {
    entries: { when: number; tag: string }[]
  }
  const applied = entries.slice(0, versions)
  for (const { tag } of applied) {
    const statements = fs.readFileSync(path.join(migrationsFolder, `${tag}.sql`), 'utf8')
    db.exec(statements.replaceAll('--> statement-breakpoint', ''))
  }
  db.exec(
    'CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric)',
  )
  db.prepare(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('last', ?)`).run(
    applied.at(-1)!.when,
  )
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
  // The number is 'fore' in ASCII.
  db.pragma('application_id = 1718579813')
  db.pragma('user_version = 1')
  db.close()
  return file
}
