import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { StoreUnusableError } from '../../errors.ts'
import { stampOf } from '../../stamp.ts'
import type { RestoreOptions, Restored } from '../../values.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { unusable } from '../file-header.ts'
import { openConnection } from '../open-connection.ts'
import { isBusy, isCorrupt } from '../sqlite-errors.ts'
import { prepareNoteOperation } from '../steering/operations.ts'
import { prepareCopy } from './inspect.ts'
import { flush } from './whole-files.ts'

/**
 * Puts a backup in the place of the queue. The queue that was there is kept beside it. At each moment the path leads to one of them,
 * and to a whole one.
 *
 * @throws StoreUnusableError when a process has the queue open, or the backup cannot be used. Nothing has changed then
 */
export const restoreSqlite = (named: string, { backup, at }: RestoreOptions): Restored => {
  try {
    const file = fs.existsSync(named) ? fs.realpathSync(named) : path.resolve(named)
    const copy = `${file}.restoring`
    for (const left of [copy, `${copy}-wal`, `${copy}-shm`]) fs.rmSync(left, { force: true })
    try {
      const contents = prepareCopy(backup, copy)
      noteIn(copy, backup, at)
      flush(copy)
      const kept = swap(file, copy, `${file}.before-${stampOf(at)}`)
      return { contents, kept }
    } finally {
      fs.rmSync(copy, { force: true })
    }
  } catch (error) {
    throw error instanceof StoreUnusableError && error.message.startsWith(backup)
      ? error
      : unusable(named, error)
  }
}

/** @returns where the queue is kept that was there; undefined when there was none */
const swap = (file: string, copy: string, keepAs: string): string | undefined => {
  const locks: { release(): void }[] = []
  const take = (name: string): void => {
    const lock = takeExclusiveLock(`${file}.${name}`)
    if (!lock) throw inUse()
    locks.push(lock)
  }
  try {
    // Whoever starts meanwhile waits for this one, and then opens the restored file.
    take('migrate-lock')
    take('worker-lock')
    const closeOld = fs.existsSync(file) ? keep(file, keepAs) : undefined
    if (!closeOld) setLogsAside(file, keepAs)
    fs.renameSync(copy, file)
    flush(path.dirname(file))
    closeOld?.()
    return closeOld ? keepAs : undefined
  } finally {
    for (const lock of locks) lock.release()
  }
}

/** Of a queue that somebody has deleted, its logs can be left. SQLite would write what is in them into the restored one. */
const setLogsAside = (file: string, keepAs: string): void => {
  for (const ending of ['-wal', '-shm', '-journal'])
    if (fs.existsSync(file + ending)) fs.renameSync(file + ending, keepAs + ending)
}

const inUse = (): StoreUnusableError =>
  new StoreUnusableError('a gateway or a worker has it open: stop both, then restore')

/**
 * Gives a queue that nobody has open a second name.
 *
 * @returns what lets go of it
 */
const keep = (file: string, keepAs: string): (() => void) => {
  // SQLite deletes the log of a file that it does not understand.
  const log = `${keepAs}-wal`
  if (fs.existsSync(`${file}-wal`)) fs.linkSync(`${file}-wal`, log)
  const sqlite = new Database(file, { timeout: 0 })
  try {
    makeOneFile(sqlite)
    fs.rmSync(log, { force: true })
  } catch (error) {
    sqlite.close()
    if (!isCorrupt(error)) {
      fs.rmSync(log, { force: true })
      throw isBusy(error) ? inUse() : error
    }
    // It is damaged, which is why somebody restores a backup.
    for (const ending of ['-wal', '-shm']) fs.rmSync(file + ending, { force: true })
  }
  fs.linkSync(file, keepAs)
  return () => sqlite.close()
}

/** Only who is alone with a file can leave its write-ahead log. The file is then whole, without others beside it. */
const makeOneFile = (sqlite: Database.Database): void => {
  sqlite.pragma('locking_mode = EXCLUSIVE')
  if (sqlite.pragma('journal_mode = DELETE', { simple: true }) !== 'delete') throw inUse()
  sqlite.exec('BEGIN EXCLUSIVE')
}

const noteIn = (copy: string, backup: string, at: number): void => {
  const connection = openConnection(copy, { busyTimeoutMs: 0 })
  try {
    const noteOperation = prepareNoteOperation(connection)
    const operation = { by: 'operator', action: 'restore', subject: path.basename(backup) }
    connection.write('full', () => noteOperation(operation, at))
    connection.sqlite.pragma('journal_mode = DELETE')
  } finally {
    connection.sqlite.close()
    fs.rmSync(`${copy}.migrate-lock`, { force: true })
  }
}
