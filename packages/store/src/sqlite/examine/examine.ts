import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import type { StoreExamination } from '../../values.ts'
import { quickCheck } from '../damage-check.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import {
  ensureSqliteVersion,
  isEmpty,
  APPLICATION_ID,
  STORE_VERSION,
  storeVersionOf,
} from '../file-header.ts'
import { freeBytesOf } from '../free-bytes.ts'
import { isMigrated } from '../open-sqlite-reader.ts'
import { isCorrupt } from '../sqlite-errors.ts'
import { fileSystemOf } from './file-system.ts'
import { flushTimes } from './flush-times.ts'

/**
 * Looks at a queue from the outside: its files, their surroundings, and whether this code could use it. It changes nothing of it; for a
 * moment there is a small file of its own beside it.
 *
 * @param isDeep also reads all of it, about 200 MB a second
 */
export const examineSqlite = (named: string, { isDeep }: { readonly isDeep: boolean }): StoreExamination => {
  const isThere = fs.existsSync(named)
  const file = isThere ? fs.realpathSync(named) : path.resolve(named)
  const directory = path.dirname(file)
  const around = {
    file,
    fileSystem: fileSystemOf(file),
    freeBytes: knownFreeBytesOf(directory),
    flushMs: flushTimes(directory),
  }
  if (!isThere) return { ...around, layout: 'none' }
  const { mode, uid, size } = fs.statSync(file)
  return {
    ...around,
    mode: mode & 0o777,
    isOwn: uid === process.geteuid?.(),
    isWritable: isWritable(file) && isWritable(directory),
    fileBytes: size,
    walBytes: fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    isWorkerLocked: isLocked(`${file}.worker-lock`),
    ...lookInto(file, isDeep),
  }
}

const knownFreeBytesOf = (directory: string): number | undefined => {
  try {
    return freeBytesOf(directory)
  } catch {
    return undefined
  }
}

const isWritable = (name: string): boolean => {
  try {
    fs.accessSync(name, fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Undefined: there is no such lock, or it cannot be asked. */
const isLocked = (file: string): boolean | undefined => {
  if (!fs.existsSync(file)) return undefined
  try {
    const lock = takeExclusiveLock(file)
    lock?.release()
    return lock === undefined
  } catch {
    return undefined
  }
}

const lookInto = (file: string, isDeep: boolean): Pick<StoreExamination, 'layout' | 'problem' | 'damage'> => {
  try {
    const sqlite = new Database(file, { readonly: true, fileMustExist: true, timeout: 1_000 })
    try {
      ensureSqliteVersion(sqlite)
      const layout = layoutOf(sqlite)
      return { layout, ...(isDeep && layout !== 'foreign' && { damage: damageIn(sqlite) }) }
    } finally {
      sqlite.close()
    }
  } catch (error) {
    const problem = (error as Error).message
    return { layout: 'unreadable', problem, ...(isDeep && isCorrupt(error) && { damage: problem }) }
  }
}

const layoutOf = (sqlite: Database.Database): StoreExamination['layout'] => {
  if (isEmpty(sqlite)) return 'none'
  if (sqlite.pragma('application_id', { simple: true }) !== APPLICATION_ID) return 'foreign'
  if (storeVersionOf(sqlite) > STORE_VERSION) return 'newer'
  return isMigrated(sqlite) ? 'current' : 'older'
}

/** @returns `ok`, or what is wrong */
const damageIn = (sqlite: Database.Database): string => {
  const verdict = quickCheck(sqlite)
  if (verdict !== 'ok') return verdict
  const orphans = sqlite.pragma('foreign_key_check') as unknown[]
  return orphans.length === 0 ? 'ok' : `${orphans.length} rows refer to rows that do not exist`
}
