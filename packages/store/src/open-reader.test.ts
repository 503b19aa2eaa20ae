import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnusableError } from './errors.ts'
import { openReader, type StoreReader } from './open-reader.ts'
import { openStore } from './open-store.ts'
import { oldFile } from './testing/old-file.ts'
import { newJob, runningJob, tempDirectory, tempStore } from './testing/temp-store.ts'

const open = (file: string): StoreReader => {
  const reader = openReader(file)
  onTestFinished(() => reader.close())
  return reader
}

/** A store file that no connection has open. */
const closedStore = (edit?: string): string => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const store = openStore(file, { busyTimeoutMs: 5 })
  store.submissions.enqueue(newJob(), 1_000)
  store.close()
  if (edit !== undefined) {
    const sqlite = new Database(file)
    sqlite.exec(edit)
    sqlite.close()
  }
  fs.rmSync(`${file}.migrate-lock`)
  return file
}

const fileOf = (content: string): string => {
  const file = path.join(tempDirectory(), 'foreman.db')
  fs.writeFileSync(file, content)
  return file
}

const foreignFile = (): string => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const sqlite = new Database(file)
  sqlite.exec('CREATE TABLE jobs (id)')
  sqlite.close()
  return file
}

const stateOf = (file: string) => {
  const { size, mtimeMs } = fs.statSync(file)
  return { size, mtimeMs, content: fs.readFileSync(file).toString('base64') }
}

describe('a reader', () => {
  test('reads what the store has written, and what it writes afterwards', () => {
    const { store, file } = tempStore()
    const { job, claim } = runningJob(store)
    const reader = open(file)
    expect(reader.records.byId(job.id)?.state).toBe('running')
    expect(reader.workers.active()).toBeUndefined()
    store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, 2)
    store.target.note({ state: 'up', since: 5 })
    store.runs.append(claim, { head: { status: 200, headers: [] }, body: Buffer.from('x') })
    expect(reader.workers.active()).toMatchObject({ id: 'w', heartbeatAt: 2 })
    expect(reader.target.read()).toMatchObject({ state: 'up', since: 5 })
    expect(reader.output.read(job.seq, undefined)?.pieces).toMatchObject([
      { kind: 'head' },
      { kind: 'body', bytes: Buffer.from('x') },
    ])
  })

  test('reads while another connection writes', () => {
    const { file, run } = tempStore()
    run('BEGIN EXCLUSIVE')
    expect(open(file).records.list({ limit: 1 })).toEqual([])
    run('ROLLBACK')
  })

  test('changes nothing in a file that no other connection has open, and leaves no lock file', () => {
    const file = closedStore()
    const before = stateOf(file)
    const reader = openReader(file)
    expect(reader.records.list({ limit: 9 })).toHaveLength(1)
    reader.close()
    expect(stateOf(file)).toEqual(before)
    const added = fs.readdirSync(path.dirname(file)).filter(name => name !== 'foreman.db')
    // SQLite's own files, which the next writer removes.
    expect(added.toSorted()).toEqual(['foreman.db-shm', 'foreman.db-wal'])
  })

  test('changes nothing in a file that a store has open, and adds no file', () => {
    const { store, file } = tempStore()
    store.submissions.enqueue(newJob(), 1_000)
    // Only stat: reading the file in a process that has it open would drop SQLite's locks.
    const state = () =>
      fs.readdirSync(path.dirname(file)).map(name => {
        const { size, mtimeMs } = fs.statSync(path.join(path.dirname(file), name))
        // SQLite maps the -shm file: readers mark in it what they read.
        return name.endsWith('-shm') ? name : { name, size, mtimeMs }
      })
    const before = state()
    const reader = openReader(file)
    expect(reader.records.list({ limit: 9 })).toHaveLength(1)
    reader.close()
    expect(state()).toEqual(before)
  })

  test('does not prevent a writer from opening the file', () => {
    const file = closedStore()
    open(file)
    const store = openStore(file, { busyTimeoutMs: 5 })
    expect(store.submissions.enqueue(newJob(), 1_000).seq).toBe(2)
    store.close()
  })

  test('opens a file with additions of newer code', () => {
    const file = closedStore(
      "ALTER TABLE jobs ADD COLUMN later TEXT; INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9e15)",
    )
    expect(open(file).records.list({ limit: 9 })).toHaveLength(1)
  })
})

describe('refuses, on one line that names the file,', () => {
  test.each<[what: string, make: () => string, why: RegExp]>([
    ['a file of the first version', oldFile, /has an older schema: start a gateway or a worker/],
    [
      'a file without the newest migration',
      () =>
        closedStore(
          'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)',
        ),
      /has an older schema/,
    ],
    [
      'a file that needs newer code',
      () => closedStore('PRAGMA user_version = 1000'),
      /needs a newer foreman/,
    ],
    ['a database of another program', foreignFile, /not one of foreman/],
    ['a file that is not a database', () => fileOf('not a database\n'.repeat(500)), /not a database/],
    ['an empty file', () => fileOf(''), /is empty/],
  ])('%s, and leaves it unchanged', (_what, make, why) => {
    const file = make()
    const before = stateOf(file)
    expect(() => openReader(file)).toThrow(why)
    const text = messageOf(file)
    expect(text).toContain(file)
    expect(text).not.toContain('\n')
    expect(stateOf(file)).toEqual(before)
    expect(fs.readdirSync(path.dirname(file)).filter(name => name.endsWith('-lock'))).toEqual([])
  })

  test('a file that does not exist, and does not create it', () => {
    const file = path.join(tempDirectory(), 'foreman.db')
    expect(messageOf(file)).toMatch(/foreman\.db: unable to open/)
    expect(fs.readdirSync(path.dirname(file))).toEqual([])
  })
})

const messageOf = (file: string): string => {
  try {
    openReader(file).close()
  } catch (error) {
    expect(error).toBeInstanceOf(StoreUnusableError)
    return (error as Error).message
  }
  throw new Error('the reader opened the file')
}
