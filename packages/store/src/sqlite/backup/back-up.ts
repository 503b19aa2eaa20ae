import { BACKUP } from '@foreman/jobs'
import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { StoreUnusableError } from '../../errors.ts'
import type { BackupMade, BackupOptions } from '../../values.ts'
import { connectionOf } from '../connection.ts'
import { ensureUndamaged } from '../damage-check.ts'
import { drizzle } from '../drizzle.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { ensureOurs, ensureSqliteVersion, unusable } from '../file-header.ts'
import { prepareNoteOperation } from '../steering/operations.ts'
import { prepareUsedBytes } from '../upkeep/file-size.ts'
import { removeContent } from './remove-content.ts'
import { ensureRoom, flush, vacuumInto } from './whole-files.ts'

/** A backup waits this long for another writer, but only when it notes that it was made. */
const WAIT_MS = 5_000

/**
 * Copies a queue into one file, while others use it. The copy is whole, checked and on the disk before it has its name; until then it
 * is a `.partial` beside it.
 *
 * @throws StoreUnusableError naming the file, when there is no queue, or no room for the copy
 */
export const backUpSqlite = (
  named: string,
  { to, at, withContent, isLeftOver, onCopying }: BackupOptions,
): BackupMade => {
  try {
    const file = fs.realpathSync(named)
    const lock = takeExclusiveLock(`${file}.backup-lock`)
    if (!lock) throw new StoreUnusableError('another backup of it is being made')
    try {
      const directory = path.dirname(to)
      for (const name of fs.readdirSync(directory))
        if (isLeftOver(name)) fs.rmSync(path.join(directory, name))
      const partial = `${to}.partial`
      onCopying?.(partial)
      const bytes = copyInto(file, partial, withContent)
      fs.renameSync(partial, to)
      flush(directory)
      return { file: to, bytes, isNoted: note(file, to, at) }
    } finally {
      lock.release()
    }
  } catch (error) {
    throw unusable(named, error)
  }
}

/** @returns how large the copy is */
const copyInto = (file: string, partial: string, withContent: boolean): number => {
  fs.rmSync(partial, { force: true })
  const sqlite = openQueue(file)
  try {
    const usedBytes = prepareUsedBytes(connectionOf(sqlite, drizzle(sqlite)))()
    // Without content there are two copies for a while.
    ensureRoom(path.dirname(partial), withContent ? usedBytes : 2 * usedBytes)
    vacuumInto(sqlite, partial)
  } finally {
    sqlite.close()
  }
  if (!withContent) removeContent(partial)
  checkCopy(partial)
  flush(partial)
  return fs.statSync(partial).size
}

const openQueue = (file: string): Database.Database => {
  const sqlite = new Database(file, { fileMustExist: true, timeout: WAIT_MS })
  try {
    ensureSqliteVersion(sqlite)
    ensureOurs(sqlite)
    return sqlite
  } catch (error) {
    sqlite.close()
    throw error
  }
}

const checkCopy = (copy: string): void => {
  const sqlite = new Database(copy, { readonly: true })
  try {
    ensureUndamaged(sqlite)
  } finally {
    sqlite.close()
  }
}

/** Writes into the queue that it was backed up. It does not migrate it: a backup is also made before an upgrade. */
const note = (file: string, to: string, at: number): boolean => {
  const sqlite = openQueue(file)
  try {
    const connection = connectionOf(sqlite, drizzle(sqlite))
    const noteOperation = prepareNoteOperation(connection)
    const operation = { by: 'operator', action: BACKUP, subject: path.basename(to) }
    connection.write('normal', () => noteOperation(operation, at))
    return true
  } catch {
    // An older layout, or a file that this user may only read: the copy is there all the same.
    return false
  } finally {
    sqlite.close()
  }
}
