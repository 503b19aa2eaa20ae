import Database from 'better-sqlite3'
import { NotNowError, type NotNowReason } from '../errors.ts'

const sqliteCode = (error: unknown): string => (error instanceof Database.SqliteError ? error.code : '')

/** Whether another connection holds the write lock. */
export const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error))

/** Whether the disk is full or refused the write. */
export const isFull = (error: unknown): boolean => /^SQLITE_(FULL|IOERR)/.test(sqliteCode(error))

/** Whether the file cannot be opened or written, such as on a file system that has become read-only. */
const isNotWritable = (error: unknown): boolean =>
  /^SQLITE_(READONLY|CANTOPEN|PROTOCOL)/.test(sqliteCode(error))

/** Undefined for an error that does not pass. */
const reasonOf = (error: unknown): NotNowReason | undefined => {
  if (isBusy(error)) return 'unavailable'
  if (isFull(error)) return 'full'
  return isNotWritable(error) ? 'not_writable' : undefined
}

/** Whether the same read or write may succeed later. */
export const mayPass = (error: unknown): boolean => reasonOf(error) !== undefined

/** Whether the file is damaged or is not a database. */
export const isCorrupt = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error))

/** The error as the contract names it. */
export const ofContract = (error: unknown): unknown => {
  const reason = reasonOf(error)
  return reason ? new NotNowError(reason, error) : error
}
