import Database from 'better-sqlite3'
import { NotNowError } from '../errors.ts'

const sqliteCode = (error: unknown): string => (error instanceof Database.SqliteError ? error.code : '')

/** Whether another connection holds the write lock. */
export const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(sqliteCode(error))

/** Whether the disk is full or refused the write. */
export const isFull = (error: unknown): boolean => /^SQLITE_(FULL|IOERR)/.test(sqliteCode(error))

/** Whether the file cannot be opened or written, such as on a file system that has become read-only. */
const isNotWritable = (error: unknown): boolean =>
  /^SQLITE_(READONLY|CANTOPEN|PROTOCOL)/.test(sqliteCode(error))

/** Whether the same read or write may succeed later. */
export const mayPass = (error: unknown): boolean => isBusy(error) || isFull(error) || isNotWritable(error)

/** Whether the file is damaged or is not a database. */
export const isCorrupt = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(error))

/** The error as the contract names it. */
export const ofContract = (error: unknown): unknown => {
  if (isBusy(error)) return new NotNowError('unavailable', error)
  if (isFull(error)) return new NotNowError('full', error)
  return isNotWritable(error) ? new NotNowError('not_writable', error) : error
}
