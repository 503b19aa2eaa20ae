import type Database from 'better-sqlite3'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { isCorrupt, mayPass } from './sqlite-errors.ts'

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
  /** Whether the last write failed because of the file, its disk or another writer, and not because of what was written. */
  writeHasFailed(): boolean
  /** Runs `fn` with all its reads on one snapshot of the file. */
  read<T>(fn: () => T): T
}

export const connectionOf = (sqlite: Database.Database, db: BetterSQLite3Database): Connection => {
  let current: Durability | undefined
  let hasFailed = false
  const transaction = sqlite.transaction((fn: () => unknown) => fn())
  const selectChanges = sqlite.prepare('SELECT total_changes()').pluck()
  const changes = (): number => selectChanges.get() as number
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
        if (!hasFailed || sqlite.inTransaction) return write(durability, fn)
        const before = changes()
        const result = write(durability, fn)
        // A transaction that changes nothing succeeds on a full disk, too.
        if (changes() > before) hasFailed = false
        return result
      } catch (error) {
        hasFailed ||= mayPass(error) || isCorrupt(error)
        throw error
      }
    },
    writeHasFailed: () => hasFailed,
    read: <T>(fn: () => T): T => transaction.deferred(fn) as T,
  }
}
