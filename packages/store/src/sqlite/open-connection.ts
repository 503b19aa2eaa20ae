import type Database from 'better-sqlite3'
import { fileURLToPath } from 'node:url'
import { StoreUnusableError } from '../errors.ts'
import { type Connection, connectionOf } from './connection.ts'
import { drizzle, migrate } from './drizzle.ts'
import { takeExclusiveLock } from './exclusive-lock.ts'
import {
  APPLICATION_ID,
  ensureOurs,
  ensureSqliteVersion,
  isEmpty,
  STORE_VERSION,
  unusable,
} from './file-header.ts'
import { LateDatabase } from './late-database.ts'
import { makeQueuePrivate, queueFileOf } from './queue-file.ts'

const MIGRATION_WAIT_MS = 30_000
const WAL_LIMIT_BYTES = 64 * 1024 * 1024

export const migrationsFolder = fileURLToPath(new URL('migrations', import.meta.url))

export interface ConnectionOptions {
  /** How long a write may block this process while another connection writes. */
  readonly busyTimeoutMs: number
}

/**
 * Opens the file for reading and writing, creates it if it does not exist, and migrates its schema. If several
 * processes start together, one migrates and the others wait. The connection's `sqlite.name` is the file's real path.
 *
 * @throws StoreUnusableError naming the file, when this code may not use it. The file is left unchanged.
 */
export const openConnection = (named: string, { busyTimeoutMs }: ConnectionOptions): Connection => {
  try {
    const file = queueFileOf(named)
    const lock = takeExclusiveLock(`${file}.migrate-lock`, MIGRATION_WAIT_MS)
    if (!lock) throw new StoreUnusableError('another process has been migrating it for more than 30 seconds')
    try {
      const connection = open(file, busyTimeoutMs)
      makeQueuePrivate(file)
      return connection
    } finally {
      lock.release()
    }
  } catch (error) {
    throw unusable(named, error)
  }
}

const open = (file: string, busyTimeoutMs: number): Connection => {
  const sqlite = new LateDatabase(file, { timeout: MIGRATION_WAIT_MS })
  try {
    ensureSqliteVersion(sqlite)
    // The first page that is written fixes auto_vacuum, so it must be set before the journal mode. In a file that has
    // content, setting it would be a useless write.
    if (isEmpty(sqlite)) sqlite.pragma('auto_vacuum = INCREMENTAL')
    else ensureOurs(sqlite)
    const mode = sqlite.pragma('journal_mode = WAL', { simple: true })
    if (mode !== 'wal')
      throw new StoreUnusableError(`cannot use a write-ahead log here (got ${String(mode)})`)
    sqlite.pragma('synchronous = FULL')
    sqlite.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`)
    // Set before there is any table: if the process dies during the migration, the file is still known as foreman's.
    setHeader(sqlite, 'application_id', APPLICATION_ID)
    const db = drizzle(sqlite)
    // With foreign keys on, a migration that rebuilds a table would empty the tables that refer to it.
    sqlite.pragma('foreign_keys = OFF')
    migrate(db, { migrationsFolder })
    if ((sqlite.pragma('foreign_key_check') as unknown[]).length > 0) {
      throw new StoreUnusableError('a row refers to a row that does not exist')
    }
    sqlite.pragma('foreign_keys = ON')
    setHeader(sqlite, 'user_version', STORE_VERSION)
    // Opening an up-to-date file writes nothing, so this finds out whether the file can be written.
    sqlite.exec('BEGIN IMMEDIATE; ROLLBACK')
    sqlite.pragma(`busy_timeout = ${busyTimeoutMs}`)
    return connectionOf(sqlite, db)
  } catch (error) {
    sqlite.close()
    throw error
  }
}

/** Writes only a value that differs. Otherwise every open would wait for the connection that is writing. */
const setHeader = (sqlite: Database.Database, name: string, value: number): void => {
  if (sqlite.pragma(name, { simple: true }) !== value) sqlite.pragma(`${name} = ${value}`)
}
