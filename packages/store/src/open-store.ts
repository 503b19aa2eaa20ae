import type { Store, StoreReader } from './contract.ts'
import { openSqliteReader } from './sqlite/open-sqlite-reader.ts'
import { openSqlite } from './sqlite/open-sqlite.ts'
import type { Compose } from './values.ts'

export interface OpenOptions {
  /**
   * `gateway`: callers wait for its writes, so that a write is given up soon while others keep the store busy. `worker`: its
   * writes wait for seconds, and the store is checked for damage first.
   */
  readonly role: 'gateway' | 'worker'
  /**
   * Writes the body of a webhook message. A process that changes jobs needs it: without it, a change that a webhook reports
   * is refused.
   */
  readonly compose?: Compose | undefined
  /**
   * Called when what is stored of a job keeps a webhook message from being written. The message is written without the job's
   * answer, or not at all; the change that it reports takes place either way. Without this function the change is refused.
   */
  readonly onMessageError?: ((error: unknown, jobSeq: number) => void) | undefined
  /**
   * Called when looking for the changes of others has failed. It is repeated, and an error that goes on is reported rarely.
   * Default: a warning of the process.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * Opens the queue that gateways and workers share; creates or migrates it if needed.
 *
 * @param location the path of a file
 * @throws StoreUnusableError when this code may not use it
 * @example
 * const store = await openStore('foreman.db', { role: 'worker' })
 * const lines = await store.queue.waitingLines()
 * await store.close()
 */
export const openStore = async (location: string, options: OpenOptions): Promise<Store> =>
  openSqlite(location, options)

/**
 * Opens the queue for reading only. It never creates, migrates, locks or writes anything of foreman's.
 *
 * @throws StoreUnusableError naming the location, when there is no queue of foreman, or its schema is older or newer than this
 *   code
 * @example
 * const reader = await openReader('foreman.db')
 * const worker = await reader.workers.active()
 * await reader.close()
 */
export const openReader = async (location: string): Promise<StoreReader> => openSqliteReader(location)
