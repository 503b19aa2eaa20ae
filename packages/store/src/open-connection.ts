import Database from 'better-sqlite3'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Connection, connectionOf } from './connection.ts'
import { drizzle, migrate } from './drizzle.ts'
import { StoreUnusableError } from './errors.ts'
import { createPrivately, takeExclusiveLock } from './exclusive-lock.ts'

/**
 * What this code is to the file. A migration that only adds leaves it as it is, and older processes go on;
 * one after which older code must not touch the file raises it, and the file then carries the new number.
 */
export const STORE_VERSION = 2

/** 'fore': says that a file is foreman's, in SQLite's own header. */
const APPLICATION_ID = 0x666f7265
/** Releases before it have a bug that can lose a commit when a WAL is reset. */
const OLDEST_SQLITE = [3, 51, 3] as const
const MIGRATION_WAIT_MS = 30_000
const WAL_LIMIT_BYTES = 64 * 1024 * 1024

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

export interface ConnectionOptions {
  /** How long a write may block this process while another connection writes. */
  readonly busyTimeoutMs: number
}

/**
 * Opens the file, makes it if there is none, and brings its schema up to date; of several processes that
 * start together one migrates and the others wait.
 *
 * @throws StoreUnusableError naming the file, when it is not one that this code may use; the file is left as it is
 */
export const openConnection = (file: string, { busyTimeoutMs }: ConnectionOptions): Connection => {
  try {
    createPrivately(file)
    const lock = takeExclusiveLock(`${file}.migrate-lock`, MIGRATION_WAIT_MS)
    if (!lock) throw new StoreUnusableError('another process has been migrating it for too long')
    try {
      return open(file, busyTimeoutMs)
    } finally {
      lock.release()
    }
  } catch (error) {
    if (error instanceof StoreUnusableError) throw new StoreUnusableError(`${file}: ${error.message}`)
    // The migrator's own message is the whole statement that failed; why it failed is behind it.
    const { cause, message } = error as Error
    throw new StoreUnusableError(`${file}: ${cause instanceof Error ? cause.message : message}`, {
      cause: error,
    })
  }
}

const open = (file: string, busyTimeoutMs: number): Connection => {
  const sqlite = new Database(file, { timeout: MIGRATION_WAIT_MS })
  try {
    requireSqlite(sqlite)
    requireOurs(sqlite)
    // Must come before the journal mode: it is fixed by the first page written. Later it would be a write.
    if (isEmpty(sqlite)) sqlite.pragma('auto_vacuum = INCREMENTAL')
    const mode = sqlite.pragma('journal_mode = WAL', { simple: true })
    if (mode !== 'wal')
      throw new StoreUnusableError(`cannot use a write-ahead log here (got ${String(mode)})`)
    sqlite.pragma('synchronous = FULL')
    sqlite.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`)
    // Before there is any table: a process that dies half-way must not leave a file that is nobody's.
    setHeader(sqlite, 'application_id', APPLICATION_ID)
    const db = drizzle(sqlite)
    // A migration that rebuilds a table would empty the tables that refer to it.
    sqlite.pragma('foreign_keys = OFF')
    migrate(db, { migrationsFolder })
    if ((sqlite.pragma('foreign_key_check') as unknown[]).length > 0) {
      throw new StoreUnusableError('a row refers to one that is not there')
    }
    sqlite.pragma('foreign_keys = ON')
    setHeader(sqlite, 'user_version', STORE_VERSION)
    // Opening changes nothing in a file that is up to date, so one that cannot be written is found out here.
    sqlite.exec('BEGIN IMMEDIATE; ROLLBACK')
    sqlite.pragma(`busy_timeout = ${busyTimeoutMs}`)
    return connectionOf(sqlite, db)
  } catch (error) {
    sqlite.close()
    throw error
  }
}

const requireSqlite = (sqlite: Database.Database): void => {
  const version = sqlite.prepare('SELECT sqlite_version()').pluck().get() as string
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const [a, b, c] = OLDEST_SQLITE
  const difference = major - a || minor - b || patch - c
  if (difference < 0)
    throw new StoreUnusableError(`SQLite ${version} is too old (needs ${OLDEST_SQLITE.join('.')})`)
}

const isEmpty = (sqlite: Database.Database): boolean =>
  sqlite.pragma('schema_version', { simple: true }) === 0

const requireOurs = (sqlite: Database.Database): void => {
  if (isEmpty(sqlite)) return
  if (sqlite.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new StoreUnusableError('is a database, but not one of foreman')
  }
  const version = sqlite.pragma('user_version', { simple: true }) as number
  if (version > STORE_VERSION) {
    throw new StoreUnusableError(
      `needs a newer foreman (its store version is ${version}, this one is ${STORE_VERSION})`,
    )
  }
}

/** Written only when it differs: an open must not have to wait for whoever is writing. */
const setHeader = (sqlite: Database.Database, name: string, value: number): void => {
  if (sqlite.pragma(name, { simple: true }) !== value) sqlite.pragma(`${name} = ${value}`)
}

/** The directory whose changes announce commits, and the name of the file in it that a commit writes. */
export const walOf = (file: string): { directory: string; name: string } => {
  const absolute = path.resolve(file)
  return { directory: path.dirname(absolute), name: `${path.basename(absolute)}-wal` }
}
