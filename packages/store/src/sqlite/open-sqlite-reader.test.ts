import Database from 'better-sqlite3'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { StoreReader } from '../contract.ts'
import { StoreUnusableError } from '../errors.ts'
import { openReader, openStore } from '../open-store.ts'
import { startChild } from '../testing/child.ts'
import { submitJob } from '../testing/jobs.ts'
import { oldFile } from './testing/old-file.ts'
import { newFile, openUntilEnd, tempStore } from './testing/temp-store.ts'

const open = async (file: string): Promise<StoreReader> => {
  const reader = await openReader(file)
  onTestFinished(() => reader.close())
  return reader
}

const listed = async ({ records }: StoreReader) => (await Array.fromAsync(records.list({ limit: 9 }))).flat()

/** A store file that no connection has open. */
const closedStore = async (edit?: string): Promise<string> => {
  const file = newFile()
  const store = await openStore(file, { role: 'gateway' })
  await submitJob(store)
  await store.close()
  if (edit !== undefined) {
    const sqlite = new Database(file)
    sqlite.exec(edit)
    sqlite.close()
  }
  fs.rmSync(`${file}.migrate-lock`)
  return file
}

const fileOf = (content: string): string => {
  const file = newFile()
  fs.writeFileSync(file, content)
  return file
}

const foreignFile = (): string => {
  const file = newFile()
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
  test('reads while another connection writes', async () => {
    const { file, run } = await tempStore()
    run('BEGIN EXCLUSIVE')
    expect(await listed(await open(file))).toEqual([])
    run('ROLLBACK')
  })

  test('changes nothing in a file that no other connection has open, and leaves no lock file', async () => {
    const file = await closedStore()
    const before = stateOf(file)
    const reader = await openReader(file)
    expect(await listed(reader)).toHaveLength(1)
    await reader.close()
    expect(stateOf(file)).toEqual(before)
    const added = fs.readdirSync(path.dirname(file)).filter(name => name !== 'foreman.db')
    // SQLite's own files, which the next writer removes.
    expect(added.toSorted()).toEqual(['foreman.db-shm', 'foreman.db-wal'])
  })

  test('changes nothing in a file that a store has open, and adds no file', async () => {
    const { store, file } = await tempStore()
    await submitJob(store)
    // Only stat: reading the file in a process that has it open would drop SQLite's locks.
    const state = () =>
      fs.readdirSync(path.dirname(file)).map(name => {
        const { size, mtimeMs } = fs.statSync(path.join(path.dirname(file), name))
        // SQLite maps the -shm file: readers mark in it what they read.
        return name.endsWith('-shm') ? name : { name, size, mtimeMs }
      })
    const before = state()
    const reader = await openReader(file)
    expect(await listed(reader)).toHaveLength(1)
    await reader.close()
    expect(state()).toEqual(before)
  })

  test('does not prevent a writer from opening the file', async () => {
    const file = await closedStore()
    await open(file)
    const store = await openUntilEnd(file)
    expect((await submitJob(store)).seq).toBe(2)
  })

  test('opens a file with additions of newer code', async () => {
    const file = await closedStore(
      "ALTER TABLE jobs ADD COLUMN later TEXT; INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9e15)",
    )
    expect(await listed(await open(file))).toHaveLength(1)
  })
})

describe('refuses, on one line that names the file,', () => {
  test.each<[what: string, make: () => string | Promise<string>, why: RegExp]>([
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
  ])('%s, and leaves it unchanged', async (_what, make, why) => {
    const file = await make()
    const before = stateOf(file)
    await expect(openReader(file)).rejects.toThrow(why)
    const text = await messageOf(file)
    expect(text).toContain(file)
    expect(text).not.toContain('\n')
    expect(stateOf(file)).toEqual(before)
    expect(fs.readdirSync(path.dirname(file)).filter(name => name.endsWith('-lock'))).toEqual([])
  })

  test('a file that does not exist, and does not create it', async () => {
    const file = newFile()
    expect(await messageOf(file)).toMatch(/foreman\.db: unable to open/)
    expect(fs.readdirSync(path.dirname(file))).toEqual([])
  })
})

const messageOf = async (file: string): Promise<string> => {
  const error = await openReader(file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(StoreUnusableError)
  return (error as Error).message
}

test('a thread that closes its reader leaves the locks of its process alone', async () => {
  const file = await closedStore()
  await openUntilEnd(file)
  const own = new Database(file)
  const other = startChild(`
    import Database from ${JSON.stringify(import.meta.resolve('better-sqlite3'))}
    const sqlite = new Database(await told(), { timeout: 0 })
    for (;;) {
      await told()
      try {
        sqlite.exec('BEGIN IMMEDIATE; ROLLBACK')
        console.log('free')
      } catch {
        console.log('locked')
      }
    }`)
  const isLocked = () => {
    other.tell('look')
    return other.next()
  }
  other.tell(file)
  own.exec('BEGIN IMMEDIATE')
  const source = `import(${JSON.stringify(import.meta.resolve('../open-store.ts'))}).then(async ({ openReader }) => {
    const reader = await openReader(${JSON.stringify(file)})
    await reader.queue.turn()
    await reader.close()
  })`
  const [code] = await once(new Worker(source, { eval: true, execArgv: ['-C', '@foreman/source'] }), 'exit')
  expect([code, await isLocked()]).toEqual([0, 'locked'])
  own.exec('ROLLBACK')
  expect(await isLocked()).toBe('free')
  own.close()
})
