import type Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import type { StoreReader } from '../contract.ts'
import { StoreUnusableError } from '../errors.ts'
import { prepareListModels, prepareModel, prepareSnapshot } from './catalogue.ts'
import { type Connection, connectionOf } from './connection.ts'
import { drizzle } from './drizzle.ts'
import {
  ensureOurs,
  ensureSqliteVersion,
  isEmpty,
  STORE_VERSION,
  storeVersionOf,
  unusable,
} from './file-header.ts'
import { historyReads } from './history/read.ts'
import { LateDatabase } from './late-database.ts'
import { migrationsFolder } from './open-connection.ts'
import { output } from './output/output.ts'
import { overview } from './overview/overview.ts'
import { prepareMemory } from './queue/memory.ts'
import { prepareTurn } from './queue/turn.ts'
import { records } from './records/records.ts'
import { prepareListHolds } from './steering/holds.ts'
import { prepareListOperations } from './steering/operations.ts'
import { prepareReadTarget } from './target.ts'
import { reads } from './verbs.ts'
import { prepareActive } from './workers.ts'

/** A read waits this long while another process recovers the file after a crash. No other write delays a read. */
const READ_WAIT_MS = 1_000

/**
 * Opens the queue for reading only. It creates, migrates, locks and writes nothing; SQLite itself may put its files
 * `-wal` and `-shm` beside the file when no other process has it open.
 *
 * @throws StoreUnusableError naming the file, when it does not exist, is not one of foreman, or has an older or newer
 *   schema than this code
 */
export const openSqliteReader = (file: string): StoreReader => {
  const connection = openReadOnly(file)
  return {
    now: Date.now,
    records: records(connection),
    output: output(connection),
    history: historyReads(connection),
    overview: overview(connection),
    holds: { list: reads(prepareListHolds(connection)) },
    operations: { list: reads(prepareListOperations(connection)) },
    queue: { turn: reads(prepareTurn(connection)), memory: reads(prepareMemory(connection)) },
    catalogue: {
      list: reads(prepareListModels(connection)),
      model: reads(prepareModel(connection)),
      snapshot: reads(prepareSnapshot(connection)),
    },
    target: { read: reads(prepareReadTarget(connection)) },
    workers: { active: reads(prepareActive(connection)) },
    close: async () => void connection.sqlite.close(),
  }
}

const openReadOnly = (file: string): Connection => {
  try {
    const sqlite = new LateDatabase(file, { readonly: true, fileMustExist: true, timeout: READ_WAIT_MS })
    try {
      ensureSqliteVersion(sqlite)
      if (isEmpty(sqlite)) throw new StoreUnusableError('is empty')
      ensureOurs(sqlite)
      ensureMigrated(sqlite)
      return connectionOf(sqlite, drizzle(sqlite))
    } catch (error) {
      sqlite.close()
      throw error
    }
  } catch (error) {
    throw unusable(file, error)
  }
}

const ensureMigrated = (sqlite: Database.Database): void => {
  if (!isMigrated(sqlite))
    throw new StoreUnusableError('has an older schema: start a gateway or a worker to migrate it')
}

/**
 * Whether a file has the newest schema. The store version alone does not tell, because a migration that only adds does not
 * raise it.
 */
export const isMigrated = (sqlite: Database.Database): boolean =>
  storeVersionOf(sqlite) === STORE_VERSION && lastMigrationOf(sqlite) >= newestMigration()

const lastMigrationOf = (sqlite: Database.Database): number => {
  const hasTable = sqlite.prepare("SELECT 1 FROM sqlite_schema WHERE name = '__drizzle_migrations'").get()
  if (!hasTable) return 0
  return Number(sqlite.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get())
}

const newestMigration = (): number => {
  const journal = fs.readFileSync(path.join(migrationsFolder, 'meta/_journal.json'), 'utf8')
  const { entries } = JSON.parse(journal) as { readonly entries: readonly { readonly when: number }[] }
  return Math.max(...entries.map(({ when }) => when))
}
