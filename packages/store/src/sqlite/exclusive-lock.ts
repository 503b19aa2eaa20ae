import Database from 'better-sqlite3'
import { createPrivately } from './queue-file.ts'
import { isBusy } from './sqlite-errors.ts'

export interface ExclusiveLock {
  release(): void
}

// The garbage collector may close a connection that nothing refers to, and that would drop its lock.
const held = new Set<Database.Database>()

/**
 * Takes an exclusive lock that the operating system drops when this process dies, however it dies. The lock is an open
 * transaction on a small database that serves for nothing else.
 *
 * @param waitMs how long to block at most while another connection has the lock
 * @returns undefined when another connection has the lock
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
      // Closing the connection ends its transaction, also where a statement would fail.
      if (held.delete(connection)) connection.close()
    },
  }
}
