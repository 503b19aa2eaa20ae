import Database from 'better-sqlite3'

/** The error of a write while another process is writing. */
export const busyError = (): Error => new Database.SqliteError('database is locked', 'SQLITE_BUSY')

/** The error of a write while the disk is full. */
export const fullError = (): Error => new Database.SqliteError('database or disk is full', 'SQLITE_FULL')

/** The error of a write while the file system is read-only. */
export const readOnlyError = (): Error =>
  new Database.SqliteError('attempt to write a readonly database', 'SQLITE_READONLY')
