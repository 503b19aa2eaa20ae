import Database from 'better-sqlite3'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Store } from '../../contract.ts'
import { openStore, type OpenOptions } from '../../open-store.ts'
import { putEmptyQueue } from '../../testing/empty-queue.ts'
import { tempDirectory } from '../../testing/temp-directory.ts'

/** The path of a file that does not exist yet, in a directory of its own. */
export const newFile = (): string => path.join(tempDirectory(), 'foreman.db')

/** Opens a file as a gateway, until the current test ends. Its writes wait only a moment for other writers. */
export const openUntilEnd = async (file: string, differing: Partial<OpenOptions> = {}): Promise<Store> => {
  const store = await openStore(file, { role: 'gateway', compose: ({ event }) => event, ...differing })
  onTestFinished(() => store.close())
  return store
}

export interface TempStore {
  readonly store: Store
  readonly file: string
  /** Runs SQL on a second connection. */
  readonly run: (sql: string) => void
  /** Returns the rows of a query on that second connection. */
  readonly rows: <Row = Record<string, unknown>>(sql: string, ...values: unknown[]) => Row[]
}

/** Opens an empty store on a real file, until the current test ends. */
export const tempStore = async (differing: Partial<OpenOptions> = {}): Promise<TempStore> => {
  const file = newFile()
  await putEmptyQueue(file)
  const store = await openUntilEnd(file, differing)
  const other = new Database(file)
  onTestFinished(() => void other.close())
  return {
    store,
    file,
    run: sql => void other.exec(sql),
    rows: <Row>(sql: string, ...values: unknown[]) => other.prepare(sql).all(...values) as Row[],
  }
}

/** Changes whenever another connection than the test's own has committed something. */
export const versionOf = ({ rows }: TempStore): number =>
  rows<{ data_version: number }>('PRAGMA data_version')[0]!.data_version
