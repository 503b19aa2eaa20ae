import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { StoreUnusableError } from './errors.ts'
import { STORE_VERSION } from './file-header.ts'
import { openConnection } from './open-connection.ts'
import { openStore } from './open-store.ts'
import { startChild } from './testing/child.ts'
import { newJob, tempDirectory, tempStore } from './testing/temp-store.ts'

const options = { busyTimeoutMs: 5 }
const newFile = (): string => path.join(tempDirectory(), 'foreman.db')

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777

const message = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(StoreUnusableError)
    return (error as Error).message
  }
  throw new Error('the store opened the file')
}

/** A file with a job, which no connection has open. */
const closedStore = (): string => {
  const file = newFile()
  const store = openStore(file, options)
  store.submissions.enqueue(newJob(), 1_000)
  store.close()
  return file
}

const edit = (file: string, sql: string): void => {
  const sqlite = new Database(file)
  sqlite.exec(sql)
  sqlite.close()
}

describe('a new file', () => {
  test('is readable by its owner only, like the files beside it', () => {
    const { store, file } = tempStore()
    store.submissions.enqueue(newJob(), 1_000)
    store.takeWorkerLock()?.release()
    const files = fs.readdirSync(path.dirname(file)).toSorted()
    expect(files).toEqual(
      ['', '-shm', '-wal', '.migrate-lock', '.worker-lock'].map(suffix => `foreman.db${suffix}`),
    )
    for (const name of files)
      expect([name, modeOf(path.join(path.dirname(file), name))]).toEqual([name, 0o600])
  })

  test('has the settings that durability and housekeeping need', () => {
    const { sqlite } = openConnection(newFile(), { busyTimeoutMs: 7 })
    const pragmas = ['journal_mode', 'auto_vacuum', 'foreign_keys', 'busy_timeout', 'journal_size_limit']
    expect(pragmas.map(name => sqlite.pragma(name, { simple: true }))).toEqual([
      'wal',
      2,
      1,
      7,
      64 * 1024 * 1024,
    ])
    expect(sqlite.pragma('user_version', { simple: true })).toBe(STORE_VERSION)
    sqlite.close()
  })

  test('may have a path relative to the working directory', () => {
    const file = newFile()
    const relative = path.relative(process.cwd(), file)
    openStore(relative, options).close()
    expect(fs.existsSync(file)).toBe(true)
  })
})

describe('a commit', () => {
  test.each(['full', 'normal'] as const)('with durability %s uses that setting of SQLite', durability => {
    const connection = openConnection(newFile(), options)
    const synchronous = () => connection.sqlite.pragma('synchronous', { simple: true })
    connection.write(durability === 'full' ? 'normal' : 'full', () => undefined)
    expect(connection.write(durability, synchronous)).toBe(durability === 'full' ? 2 : 1)
    connection.sqlite.close()
  })

  test('is undone completely when a part of it fails', () => {
    const { store, rows } = tempStore()
    const broken = { ...newJob(), body: undefined as unknown as Buffer }
    expect(() => store.submissions.enqueue(broken, 1_000)).toThrow(/NOT NULL/)
    expect(rows('SELECT * FROM jobs')).toEqual([])
    expect(store.submissions.enqueue(newJob(), 1_000).seq).toBeGreaterThan(0)
  })
})

/** Counts the calls into SQLite that opening this file takes. After `survived` calls, the process dies. */
const callsOfOpening = (file: string, survived: number): number => {
  let calls = 0
  for (const verb of ['pragma', 'prepare'] as const) {
    const real = Database.prototype[verb] as (...args: unknown[]) => unknown
    vi.spyOn(Database.prototype, verb).mockImplementation(function (
      this: Database.Database,
      ...args: unknown[]
    ) {
      if (calls++ >= survived) throw new Error('killed')
      return real.apply(this, args) as never
    })
  }
  try {
    openConnection(file, options).sqlite.close()
  } finally {
    vi.restoreAllMocks()
  }
  return calls
}

describe('a file with several names', () => {
  test('is one queue with one worker, whatever symbolic link leads to it', () => {
    const { store, file } = tempStore()
    const link = path.join(tempDirectory(), 'link.db')
    fs.symlinkSync(file, link)
    const linked = openStore(link, options)
    expect(linked.file).toBe(file)
    const { id } = store.submissions.enqueue(newJob(), 1_000)
    expect(linked.records.byId(id)).toBeDefined()
    const lock = store.takeWorkerLock()
    expect(linked.takeWorkerLock()).toBeUndefined()
    lock?.release()
    linked.close()
    expect(fs.readdirSync(path.dirname(link))).toEqual(['link.db'])
  })

  test('is created where a symbolic link says', () => {
    const [file, link] = [newFile(), newFile()]
    fs.symlinkSync(file, link)
    openStore(link, options).close()
    expect(modeOf(file)).toBe(0o600)
  })

  test('is refused when it has a hard link', () => {
    const { file } = tempStore()
    const other = path.join(tempDirectory(), 'other.db')
    fs.linkSync(file, other)
    for (const name of [file, other])
      expect(message(() => openStore(name, options))).toBe(
        `${name}: has a second name (a hard link): SQLite would keep a log for each name and damage the file`,
      )
  })
})

describe('a file that is opened again', () => {
  test('becomes readable by its owner only, like the files beside it', () => {
    const { file } = tempStore()
    const files = ['', '-wal', '-shm'].map(suffix => file + suffix)
    for (const each of files) fs.chmodSync(each, 0o644)
    openStore(file, options).close()
    expect(files.map(modeOf)).toEqual([0o600, 0o600, 0o600])
  })

  test('still has its content', () => {
    const file = closedStore()
    const store = openStore(file, options)
    expect(store.queue.waitingLines()).toHaveLength(1)
    store.close()
  })

  test('opens although the process that created it was killed at any point', () => {
    // The process dies at its first call into SQLite, in the next round at the second, and so on.
    const calls = callsOfOpening(newFile(), Number.POSITIVE_INFINITY)
    expect(calls).toBeGreaterThan(20)
    for (let survived = 0; survived < calls; survived++) {
      const file = newFile()
      expect(() => callsOfOpening(file, survived)).toThrow('killed')
      const { sqlite } = openConnection(file, options)
      expect(sqlite.pragma('auto_vacuum', { simple: true })).toBe(2)
      expect(sqlite.pragma('user_version', { simple: true })).toBe(STORE_VERSION)
      sqlite.close()
      openStore(file, options).close()
    }
  })

  test('is not written to', () => {
    const file = closedStore()
    const before = fs.readFileSync(file)
    openStore(file, options).close()
    expect(fs.readFileSync(file).equals(before)).toBe(true)
  })

  test('waits for a process that is writing', async () => {
    const file = closedStore()
    const writer = startChild(`
      import Database from ${JSON.stringify(import.meta.resolve('better-sqlite3'))}
      const sqlite = new Database(await told())
      sqlite.exec("BEGIN IMMEDIATE; UPDATE jobs SET model = 'other'")
      console.log('writing')
      setTimeout(() => { sqlite.exec('COMMIT'); console.log('written') }, 300)
    `)
    writer.tell(file)
    expect(await writer.next()).toBe('writing')
    const store = openStore(file, options)
    expect(store.queue.claimNext('m', 'first', 1_000, 1_000)?.model).toBe('other')
    store.close()
  })

  test('does not wait for a process that is reading', () => {
    const { store, file } = tempStore()
    const reader = new Database(file, { readonly: true })
    reader.exec('BEGIN; SELECT * FROM jobs')
    openStore(file, options).close()
    store.submissions.enqueue(newJob(), 1_000)
    reader.close()
  })
})

describe('two processes that create a file at the same time', () => {
  test('both open it, in every round', { timeout: 60_000 }, async () => {
    const directory = tempDirectory()
    const source = `
      for (;;) {
        const store = openStore(await told(), { busyTimeoutMs: 1_000 })
        store.submissions.enqueue({ path: '/', endpoint: '/', model: 'm', modelName: 'm', loadOptions: '{}', groupKey: 'm', streaming: true, headers: [], body: Buffer.alloc(1), caller: 'c', priority: 'normal' }, 1)
        console.log('opened')
        await told()
        store.close()
        console.log('closed')
      }`
    const children = [startChild(source), startChild(source)]
    for (let round = 0; round < 10; round++) {
      const file = path.join(directory, `${round}.db`)
      for (const child of children) child.tell(file)
      expect(await Promise.all(children.map(child => child.next()))).toEqual(['opened', 'opened'])
      for (const child of children) child.tell('close')
      await Promise.all(children.map(child => child.next()))
      const sqlite = new Database(file)
      expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok')
      expect(sqlite.prepare('SELECT count(*) FROM jobs').pluck().get()).toBe(2)
      expect(sqlite.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get()).toBe(migrations)
      sqlite.close()
    }
  })
})

const isRoot = process.getuid?.() === 0

describe('refuses, on one line that names the file,', () => {
  test.each<[what: string, file: () => string, why: RegExp]>([
    ['a file that is not a database', () => otherFile('not a database\n'.repeat(500)), /not a database/],
    ['a short file that is not a database', () => otherFile('{"jobs":[]}'), /not a database/],
    ['a database with a garbled header', () => garbled(0), /not a database/],
    ['a database with a garbled schema', () => garbled(100), /malformed/],
    ['a truncated database', () => cutOff(), /malformed/],
    ['a database of another program', () => somebodyElses(), /not one of foreman/],
    [
      'a database that needs newer code',
      () => newer(),
      new RegExp(`needs a newer foreman.* 1000.* ${STORE_VERSION}\\b`),
    ],
    [
      'a database with a row that refers to no other',
      () => withOrphan(),
      /refers to a row that does not exist/,
    ],
  ])('%s, and leaves it unchanged', (_what, make, why) => {
    const file = make()
    const before = fs.readFileSync(file)
    const text = message(() => openStore(file, options))
    expect(text).toMatch(why)
    expect(text).toContain(file)
    expect(text).not.toContain('\n')
    expect(fs.readFileSync(file).equals(before)).toBe(true)
    expect(fs.readdirSync(path.dirname(file)).toSorted()).toEqual(['foreman.db', 'foreman.db.migrate-lock'])
  })

  test('a directory', () => {
    const directory = tempDirectory()
    expect(message(() => openStore(directory, options))).toMatch(/unable to open/)
    fs.rmSync(`${directory}.migrate-lock`)
  })

  test('a file in a directory that does not exist', () => {
    const file = path.join(tempDirectory(), 'nowhere', 'foreman.db')
    expect(message(() => openStore(file, options))).toMatch(/ENOENT/)
  })

  test.skipIf(isRoot)('a new file in a directory that cannot be written', () => {
    const file = newFile()
    fs.chmodSync(path.dirname(file), 0o500)
    expect(message(() => openStore(file, options))).toMatch(/EACCES/)
    fs.chmodSync(path.dirname(file), 0o700)
  })

  test.skipIf(isRoot)('a file that cannot be written', () => {
    const file = closedStore()
    fs.chmodSync(file, 0o400)
    expect(message(() => openStore(file, options))).toMatch(/readonly/)
  })

  const otherFile = (content: string): string => {
    const file = newFile()
    fs.writeFileSync(file, content)
    return file
  }

  const garbled = (from: number): string => {
    const file = closedStore()
    const bytes = fs.readFileSync(file)
    fs.writeFileSync(file, bytes.fill(0xa5, from, 4_096))
    fs.rmSync(`${file}.migrate-lock`)
    return file
  }

  const cutOff = (): string => {
    const file = closedStore()
    fs.truncateSync(file, 2 * 4_096)
    return file
  }

  const somebodyElses = (): string => {
    const file = newFile()
    edit(file, 'CREATE TABLE jobs (id)')
    return file
  }

  const newer = (): string => {
    const file = closedStore()
    edit(file, 'PRAGMA user_version = 1000')
    return file
  }

  const withOrphan = (): string => {
    const file = closedStore()
    edit(
      file,
      "PRAGMA foreign_keys = OFF; INSERT INTO job_log (job_seq, attempt, kind, bytes) VALUES (99, 1, 'body', x'')",
    )
    return file
  }
})

const { entries } = JSON.parse(
  fs.readFileSync(new URL('../migrations/meta/_journal.json', import.meta.url), 'utf8'),
) as { entries: unknown[] }
const migrations = entries.length

test('older code opens a file to which a newer migration has only added', () => {
  const file = closedStore()
  edit(file, 'ALTER TABLE jobs ADD COLUMN later TEXT; CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT')
  edit(file, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9e15)")
  const store = openStore(file, options)
  expect(store.submissions.enqueue(newJob(), 1_000).seq).toBe(2)
  store.close()
})
