import Database from 'better-sqlite3'
import fs from 'node:fs'
import { isBusy } from './errors.ts'

export interface ExclusiveLock {
  release(): void
}

// A connection that nothing refers to can be collected, and its lock goes with it.
const held = new Set<Database.Database>()

/** Makes the file, readable by its owner alone, unless it is there. SQLite gives `-wal` and `-shm` the same mode. */
export const createPrivately = (file: string): void => {
  try {
    fs.closeSync(fs.openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Takes an exclusive lock that the operating system drops when this process dies, however it dies: an open
 * transaction on a small database of its own.
 *
 * @param waitMs blocks this long at most for the present holder
 * @returns undefined when another connection holds it
 */
export const takeExclusiveLock = (file: string, waitMs = 0): ExclusiveLock | undefined => {
  createPrivately(file)
  const connection = new Database(file, { timeout: waitMs })
  try {
    connection.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    connection.close()
    if (isBusy(error)) return undefined
    throw error
  }
  held.add(connection)
  return {
    release() {
      if (!held.delete(connection)) return
      connection.exec('ROLLBACK')
      connection.close()
    },
  }
}
