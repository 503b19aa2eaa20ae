import type Database from 'better-sqlite3'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { isUnwritable } from './errors.ts'

/** `full`: the write is on the disk when it returns. `normal`: it survives a killed process, but not a power cut. */
export type Durability = 'full' | 'normal'

export interface Connection {
  readonly sqlite: Database.Database
  readonly db: BetterSQLite3Database
  /**
   * Runs `fn` in an immediate transaction, or in a savepoint when a transaction is open. The transaction is immediate
   * because one that starts with a read and then writes fails at once while another connection writes.
   */
  write<T>(durability: Durability, fn: () => T): T
  /** Whether a write has failed because of the file or its disk, since the last `noteWritten`. */
  writeHasFailed(): boolean
  /** To be called when something was really written: the file takes writes again. */
  noteWritten(): void
  /** Runs `fn` with all its reads on one snapshot of the file. */
  read<T>(fn: () => T): T
}

export const connectionOf = (sqlite: Database.Database, db: BetterSQLite3Database): Connection => {
  let current: Durability | undefined
  let hasFailed = false
  const transaction = sqlite.transaction((fn: () => unknown) => fn())
  const write = <T>(durability: Durability, fn: () => T): T => {
    // better-sqlite3 turns a nested transaction into a savepoint.
    if (sqlite.inTransaction) return transaction(fn) as T
    if (durability !== current) {
      sqlite.pragma(`synchronous = ${durability}`)
      current = durability
    }
    return transaction.immediate(fn) as T
  }
  return {
    sqlite,
    db,
    write: (durability, fn) => {
      try {
        return write(durability, fn)
      } catch (error) {
        hasFailed ||= isUnwritable(error)
        throw error
      }
    },
    writeHasFailed: () => hasFailed,
    noteWritten: () => {
      hasFailed = false
    },
    read: <T>(fn: () => T): T => transaction.deferred(fn) as T,
  }
}
