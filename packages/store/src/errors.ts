import Database from 'better-sqlite3'

/** The file cannot be used: it is not a database of foreman, is damaged, needs newer code, or cannot be written. */
export class StoreUnusableError extends Error {
  override readonly name = 'StoreUnusableError'
}

/** A write carried a claim that no longer holds the job. The caller must stop its run and discard the result. */
export class JobLostError extends Error {
  override readonly name = 'JobLostError'
}

/** An idempotency key was sent again with a different request. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError'
}

/** An idempotency key was sent again while the jobs that it was first sent with are still being written. */
export class KeyInUseError extends Error {
  override readonly name = 'KeyInUseError'
}

/** An arrival was removed, because nothing had been added to it for too long. */
export class ArrivalLostError extends Error {
  override readonly name = 'ArrivalLostError'
}

const sqliteCode = (error: unknown): string => (error instanceof Database.SqliteError ? error.code : '')

/** Whether another connection holds the write lock. The same write may succeed in a moment. */
export const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error))

/** Whether the disk is full or refused the write. The same write may succeed later. */
export const isFull = (error: unknown): boolean => /^SQLITE_(FULL|IOERR)/.test(sqliteCode(error))

/**
 * Whether the same read or write may succeed later: another process is writing, the disk is full or has failed, or the
 * file system has become read-only.
 */
export const mayPass = (error: unknown): boolean =>
  isBusy(error) || isFull(error) || /^SQLITE_(READONLY|CANTOPEN|PROTOCOL)/.test(sqliteCode(error))

/** Whether a write failed because of the file or its disk, and not because of what was to be written. */
export const isUnwritable = (error: unknown): boolean =>
  (mayPass(error) && !isBusy(error)) || isCorrupt(error)

/** Whether the file is damaged or is not a database. */
export const isCorrupt = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error))
