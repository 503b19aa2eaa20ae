import type Database from 'better-sqlite3'
import { StoreUnusableError } from '../errors.ts'

/**
 * The version of the store that this code needs. A migration that only adds tables or columns leaves it as it is, so
 * that older processes can go on using the file. A migration after which older code must not use the file raises it,
 * and then the file carries the new number.
 */
export const STORE_VERSION = 3

/** 'fore' in SQLite's own header: the file belongs to foreman. */
export const APPLICATION_ID = 0x666f7265
/** Older releases have a bug that can lose a commit when a WAL is reset. */
const OLDEST_SQLITE = [3, 51, 3] as const

export const isEmpty = (sqlite: Database.Database): boolean =>
  sqlite.pragma('schema_version', { simple: true }) === 0

export const storeVersionOf = (sqlite: Database.Database): number =>
  sqlite.pragma('user_version', { simple: true }) as number

/** @throws StoreUnusableError when SQLite is too old */
export const ensureSqliteVersion = (sqlite: Database.Database): void => {
  const version = sqlite.prepare('SELECT sqlite_version()').pluck().get() as string
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const [a, b, c] = OLDEST_SQLITE
  const difference = major - a || minor - b || patch - c
  if (difference < 0)
    throw new StoreUnusableError(`SQLite ${version} is too old (needs ${OLDEST_SQLITE.join('.')})`)
}

/** @throws StoreUnusableError when the file belongs to another program, or needs a newer foreman */
export const ensureOurs = (sqlite: Database.Database): void => {
  if (sqlite.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new StoreUnusableError('is a database of another program, not one of foreman')
  }
  const version = storeVersionOf(sqlite)
  if (version > STORE_VERSION) {
    throw new StoreUnusableError(
      `needs a newer foreman (its store version is ${version}, this one is ${STORE_VERSION})`,
    )
  }
}

/** Every error of an open as a StoreUnusableError that names the file. */
export const unusable = (file: string, error: unknown): StoreUnusableError => {
  if (error instanceof StoreUnusableError) return new StoreUnusableError(`${file}: ${error.message}`)
  // The message of Drizzle's migrator is the whole statement that failed. Its cause says why the statement failed.
  const { cause, message } = error as Error
  return new StoreUnusableError(`${file}: ${cause instanceof Error ? cause.message : message}`, {
    cause: error,
  })
}
