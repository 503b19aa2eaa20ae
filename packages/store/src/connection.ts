import type Database from 'better-sqlite3'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'

/** `full`: on the disk when it returns. `normal`: survives a killed process, not a power cut. */
export type Durability = 'full' | 'normal'

export interface Connection {
  readonly sqlite: Database.Database
  readonly db: BetterSQLite3Database
  /** Runs `fn` in one immediate transaction, or in a savepoint of the one that is open. A write that starts as a read fails at once when another writes. */
  write<T>(durability: Durability, fn: () => T): T
  /** Runs `fn` on one snapshot of the file. */
  read<T>(fn: () => T): T
}

export const connectionOf = (sqlite: Database.Database, db: BetterSQLite3Database): Connection => {
  let current: Durability | undefined
  const transaction = sqlite.transaction((fn: () => unknown) => fn())
  return {
    sqlite,
    db,
    write<T>(durability: Durability, fn: () => T): T {
      // In a transaction already: a savepoint of it.
      if (sqlite.inTransaction) return transaction(fn) as T
      if (durability !== current) {
        sqlite.pragma(`synchronous = ${durability}`)
        current = durability
      }
      return transaction.immediate(fn) as T
    },
    read: <T>(fn: () => T): T => transaction.deferred(fn) as T,
  }
}
