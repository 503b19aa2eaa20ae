import Database from 'better-sqlite3'

/** The file cannot be used: not a database of foreman's, damaged, newer than this code, or not writable. */
export class StoreUnusableError extends Error {
  readonly code = 'ERR_STORE_UNUSABLE'
  override readonly name = 'StoreUnusableError'
}

/** A write of a run whose claim is no longer the job's: whoever ran it must stop and forget its result. */
export class JobLostError extends Error {
  readonly code = 'ERR_JOB_LOST'
  override readonly name = 'JobLostError'
}

/** An idempotency key that comes with another request than the one it came with first. */
export class KeyReusedError extends Error {
  readonly code = 'ERR_KEY_REUSED'
  override readonly name = 'KeyReusedError'
}

const sqliteCode = (error: unknown): string => (error instanceof Database.SqliteError ? error.code : '')

/** Another connection holds the write lock: try again in a moment. */
export const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error))

/** There is no room for the write, or the disk refuses it: the same write may go through later. */
export const isFull = (error: unknown): boolean => /^SQLITE_(FULL|IOERR)/.test(sqliteCode(error))

/** What is in the file is damaged, or is no database. */
export const isCorrupt = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error))
