import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { StoreUnusableError } from '../errors.ts'
import { openStore } from '../open-store.ts'
import { startChild } from '../testing/child.ts'
import { claimNext, listJobs, newJob, submitJob } from '../testing/jobs.ts'
import { tempDirectory } from '../testing/temp-directory.ts'
import { STORE_VERSION } from './file-header.ts'
import { migrationsFolder, openConnection } from './open-connection.ts'
import { newFile, openUntilEnd, tempStore } from './testing/temp-store.ts'

const modeOf = (file: string): number => fs.statSync(file).mode & 0o777

/** Opens a file and closes it again. */
const openOnce = async (file: string): Promise<void> => {
  const store = await openStore(file, { role: 'gateway' })
  await store.close()
}

const messageOf = async (opening: Promise<unknown>): Promise<string> => {
  const error = await opening.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(StoreUnusableError)
  return (error as Error).message
}

/** A file with a job, which no connection has open. */
const closedStore = async (): Promise<string> => {
  const file = newFile()
  const store = await openStore(file, { role: 'gateway' })
  await submitJob(store)
  await store.close()
  return file
}

const edit = (file: string, sql: string): void => {
  const sqlite = new Database(file)
  sqlite.exec(sql)
  sqlite.close()
}

describe('a new file', () => {
  test('is readable by its owner only, like the files beside it', async () => {
    const { store, file } = await tempStore()
    await submitJob(store)
    const lock = await store.locks.take('worker', () => undefined)
    lock?.release()
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

  test.each([
    ['gateway', 5],
    ['worker', 5_000],
  ] as const)('makes the writes of a %s wait for other writers for %i ms', async (role, waitMs) => {
    const pragma = vi.spyOn(Database.prototype, 'pragma')
    await openUntilEnd(newFile(), { role })
    expect(pragma).toHaveBeenCalledWith(`busy_timeout = ${waitMs}`)
    vi.restoreAllMocks()
  })

  test('may have a path relative to the working directory', async () => {
    const file = newFile()
    const relative = path.relative(process.cwd(), file)
    await openOnce(relative)
    expect(fs.existsSync(file)).toBe(true)
  })
})

describe('a commit', () => {
  test.each(['full', 'normal'] as const)('with durability %s uses that setting of SQLite', durability => {
    const connection = openConnection(newFile(), { busyTimeoutMs: 5 })
    const synchronous = () => connection.sqlite.pragma('synchronous', { simple: true })
    connection.write(durability === 'full' ? 'normal' : 'full', () => undefined)
    expect(connection.write(durability, synchronous)).toBe(durability === 'full' ? 2 : 1)
    connection.sqlite.close()
  })

  test('is undone completely when a part of it fails', async () => {
    const { store, rows } = await tempStore()
    const broken = { ...newJob(), body: undefined as unknown as Buffer }
    const enqueue = store.submissions.enqueue({ jobs: [broken], groupKeyOf: () => 'm', now: 1_000 })
    await expect(enqueue).rejects.toThrow(/NOT NULL/)
    expect(rows('SELECT * FROM jobs')).toEqual([])
    expect((await submitJob(store)).seq).toBeGreaterThan(0)
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
    openConnection(file, { busyTimeoutMs: 5 }).sqlite.close()
  } finally {
    vi.restoreAllMocks()
  }
  return calls
}

describe('a file with several names', () => {
  test('is one queue with one worker, whatever symbolic link leads to it', async () => {
    const { store, file } = await tempStore()
    const link = path.join(tempDirectory(), 'link.db')
    fs.symlinkSync(file, link)
    const linked = await openUntilEnd(link)
    const { id } = await submitJob(store)
    expect(await linked.records.byId(id)).toBeDefined()
    const lock = await store.locks.take('worker', () => undefined)
    expect(lock).toBeDefined()
    expect(await linked.locks.take('worker', () => undefined)).toBeUndefined()
    lock?.release()
    expect(fs.readdirSync(path.dirname(link))).toEqual(['link.db'])
  })

  test('is created where a symbolic link says', async () => {
    const [file, link] = [newFile(), newFile()]
    fs.symlinkSync(file, link)
    await openOnce(link)
    expect(modeOf(file)).toBe(0o600)
  })

  test('is refused when it has a hard link', async () => {
    const { file } = await tempStore()
    const other = path.join(tempDirectory(), 'other.db')
    fs.linkSync(file, other)
    for (const name of [file, other])
      expect(await messageOf(openOnce(name))).toBe(
        `${name}: has a second name (a hard link): SQLite would keep a log for each name and damage the file`,
      )
  })
})

describe('a file that is opened again', () => {
  test('becomes readable by its owner only, like the files beside it', async () => {
    const { file } = await tempStore()
    const files = ['', '-wal', '-shm'].map(suffix => file + suffix)
    for (const each of files) fs.chmodSync(each, 0o644)
    await openOnce(file)
    expect(files.map(modeOf)).toEqual([0o600, 0o600, 0o600])
  })

  test('still has its content', async () => {
    const store = await openUntilEnd(await closedStore())
    expect(await store.queue.waitingLines()).toHaveLength(1)
  })

  test('opens although the process that created it was killed at any point', async () => {
    // The process dies at its first call into SQLite, in the next round at the second, and so on.
    const calls = callsOfOpening(newFile(), Number.POSITIVE_INFINITY)
    expect(calls).toBeGreaterThan(20)
    for (let survived = 0; survived < calls; survived++) {
      const file = newFile()
      expect(() => callsOfOpening(file, survived)).toThrow('killed')
      const { sqlite } = openConnection(file, { busyTimeoutMs: 5 })
      expect(sqlite.pragma('auto_vacuum', { simple: true })).toBe(2)
      expect(sqlite.pragma('user_version', { simple: true })).toBe(STORE_VERSION)
      sqlite.close()
      await openOnce(file)
    }
  })

  test('is not written to', async () => {
    const file = await closedStore()
    const before = fs.readFileSync(file)
    await openOnce(file)
    expect(fs.readFileSync(file).equals(before)).toBe(true)
  })

  test('waits for a process that is writing', async () => {
    const file = await closedStore()
    const writer = startChild(`
      import Database from ${JSON.stringify(import.meta.resolve('better-sqlite3'))}
      const sqlite = new Database(await told())
      sqlite.exec("BEGIN IMMEDIATE; UPDATE jobs SET model = 'other'")
      console.log('writing')
      setTimeout(() => { sqlite.exec('COMMIT'); console.log('written') }, 300)
    `)
    writer.tell(file)
    expect(await writer.next()).toBe('writing')
    const store = await openUntilEnd(file)
    expect((await claimNext(store))?.model).toBe('other')
  })

  test('does not wait for a process that is reading', async () => {
    const { store, file } = await tempStore()
    const reader = new Database(file, { readonly: true })
    reader.exec('BEGIN; SELECT * FROM jobs')
    await openOnce(file)
    await submitJob(store)
    reader.close()
  })
})

describe('two processes that create a file at the same time', () => {
  test('both open it, in every round', { timeout: 60_000 }, async () => {
    const directory = tempDirectory()
    const source = `
      for (;;) {
        const store = await openStore(await told(), { role: 'worker' })
        const job = { id: 'job_' + process.pid, path: '/', endpoint: '/', model: 'm', modelName: 'm',
          loadOptions: '{}', streaming: true, headers: [], body: Buffer.alloc(1), caller: 'c', priority: 'normal' }
        await store.submissions.enqueue({ jobs: [job], groupKeyOf: () => 'm', now: 1 })
        console.log('opened')
        await told()
        await store.close()
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
  test.each<[what: string, file: () => string | Promise<string>, why: RegExp]>([
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
  ])('%s, and leaves it unchanged', async (_what, make, why) => {
    const file = await make()
    const before = fs.readFileSync(file)
    const text = await messageOf(openOnce(file))
    expect(text).toMatch(why)
    expect(text).toContain(file)
    expect(text).not.toContain('\n')
    expect(fs.readFileSync(file).equals(before)).toBe(true)
    expect(fs.readdirSync(path.dirname(file)).toSorted()).toEqual(['foreman.db', 'foreman.db.migrate-lock'])
  })

  test('a directory', async () => {
    const directory = tempDirectory()
    expect(await messageOf(openOnce(directory))).toMatch(/unable to open/)
    fs.rmSync(`${directory}.migrate-lock`)
  })

  test('a file in a directory that does not exist', async () => {
    const file = path.join(tempDirectory(), 'nowhere', 'foreman.db')
    expect(await messageOf(openOnce(file))).toMatch(/there is no directory .*nowhere: make it first/)
  })

  test.skipIf(isRoot)('a new file in a directory that cannot be written', async () => {
    const file = newFile()
    fs.chmodSync(path.dirname(file), 0o500)
    expect(await messageOf(openOnce(file))).toMatch(/EACCES/)
    fs.chmodSync(path.dirname(file), 0o700)
  })

  test.skipIf(isRoot)('a file that cannot be written', async () => {
    const file = await closedStore()
    fs.chmodSync(file, 0o400)
    expect(await messageOf(openOnce(file))).toMatch(/readonly/)
  })

  const otherFile = (content: string): string => {
    const file = newFile()
    fs.writeFileSync(file, content)
    return file
  }

  const garbled = async (from: number): Promise<string> => {
    const file = await closedStore()
    const bytes = fs.readFileSync(file)
    fs.writeFileSync(file, bytes.fill(0xa5, from, 4_096))
    fs.rmSync(`${file}.migrate-lock`)
    return file
  }

  const cutOff = async (): Promise<string> => {
    const file = await closedStore()
    fs.truncateSync(file, 2 * 4_096)
    return file
  }

  const somebodyElses = (): string => {
    const file = newFile()
    edit(file, 'CREATE TABLE jobs (id)')
    return file
  }

  const newer = async (): Promise<string> => {
    const file = await closedStore()
    edit(file, 'PRAGMA user_version = 1000')
    return file
  }

  const withOrphan = async (): Promise<string> => {
    const file = await closedStore()
    edit(
      file,
      "PRAGMA foreign_keys = OFF; INSERT INTO job_log (job_seq, attempt, kind, bytes) VALUES (99, 1, 'body', x'')",
    )
    return file
  }
})

const { entries } = JSON.parse(
  fs.readFileSync(path.join(migrationsFolder, 'meta/_journal.json'), 'utf8'),
) as { entries: unknown[] }
const migrations = entries.length

test('older code opens a file to which a newer migration has only added', async () => {
  const file = await closedStore()
  edit(file, 'ALTER TABLE jobs ADD COLUMN later TEXT; CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT')
  edit(file, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('later', 9e15)")
  const store = await openUntilEnd(file)
  expect((await submitJob(store)).seq).toBe(2)
  expect(await listJobs(store)).toHaveLength(2)
})

test('every file has a deployment name of its own', async () => {
  const names = [(await tempStore()).store.deployment, (await tempStore()).store.deployment]
  expect(new Set(names).size).toBe(2)
})
