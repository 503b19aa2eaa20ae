import { StoreUnusableError } from './errors.ts'
import { backUpSqlite } from './sqlite/backup/back-up.ts'
import { inspectSqliteBackup } from './sqlite/backup/inspect.ts'
import { restoreSqlite } from './sqlite/backup/restore.ts'
import type { BackupContents, BackupMade, BackupOptions, Restored, RestoreOptions } from './values.ts'

/** A server of databases has tools of its own, which know about its users and its disks. */
const ensureFile = (location: string, tool: string): void => {
  if (/^[a-z]+:\/\//i.test(location))
    throw new StoreUnusableError(`${location.replace(/\/\/.*@/, '//')}: is no file: use ${tool}`)
}

/**
 * Copies the queue into one file, which is whole and checked, while gateways and workers use it. Where it goes is a `.partial` until
 * then. It notes the backup in the queue.
 *
 * @throws StoreUnusableError when there is no queue, no room, or another backup of it is being made
 */
export const backUpStore = (location: string, options: BackupOptions): BackupMade => {
  ensureFile(location, 'pg_dump')
  return backUpSqlite(location, options)
}

/**
 * Tries on a copy whether a backup can be restored, and counts what is in it.
 *
 * @throws StoreUnusableError naming the backup, when it cannot
 */
export const inspectBackup = (backup: string): BackupContents => {
  ensureFile(backup, 'pg_restore')
  return inspectSqliteBackup(backup)
}

/**
 * Puts a backup in the place of the queue, and keeps the queue that was there.
 *
 * @throws StoreUnusableError when a process has the queue open, or the backup cannot be used. Nothing has changed then
 */
export const restoreStore = (location: string, options: RestoreOptions): Restored => {
  ensureFile(location, 'pg_restore')
  return restoreSqlite(location, options)
}
