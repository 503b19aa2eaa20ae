import fs from 'node:fs'
import path from 'node:path'
import { StoreUnusableError } from '../errors.ts'

/** Readable and writable by the owner only. */
const PRIVATE = 0o600

/** Creates the file, readable by its owner only, unless it exists. SQLite gives `-wal` and `-shm` the same mode. */
export const createPrivately = (file: string): void => {
  try {
    fs.closeSync(fs.openSync(file, 'wx', PRIVATE))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Finds the one path that every process uses for a queue, whatever name it knows: the locks and the write-ahead log
 * have their names from this path. Creates the file if it does not exist.
 *
 * @returns the path without symbolic links
 * @throws StoreUnusableError when its directory is not there, or the file has a second name that is not a symbolic link
 */
export const queueFileOf = (named: string): string => {
  const directory = path.dirname(named)
  if (!fs.existsSync(directory))
    throw new StoreUnusableError(`there is no directory ${directory}: make it first`)
  createPrivately(named)
  // A symbolic link may lead to a file that does not exist yet.
  if (!fs.existsSync(named)) fs.closeSync(fs.openSync(named, 'a', PRIVATE))
  const file = fs.realpathSync(named)
  const stat = fs.statSync(file)
  if (stat.isFile() && stat.nlink > 1) {
    throw new StoreUnusableError(
      'has a second name (a hard link): SQLite would keep a log for each name and damage the file',
    )
  }
  return file
}

/** Takes the queue and the files beside it from the eyes of other users, where this process owns them. */
export const makeQueuePrivate = (file: string): void => {
  for (const one of [file, `${file}-wal`, `${file}-shm`]) {
    const { mode, uid } = fs.statSync(one, { throwIfNoEntry: false }) ?? {}
    if (mode === undefined || uid !== process.geteuid?.()) continue
    if ((mode & 0o077) !== 0) fs.chmodSync(one, PRIVATE)
  }
}
