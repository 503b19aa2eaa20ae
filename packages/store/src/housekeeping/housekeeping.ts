import type { Connection } from '../connection.ts'
import { prepareShrink, prepareUsedBytes } from './file-size.ts'
import { damageCheck, prepareCanWrite } from './health.ts'
import { preparePruneArrivals } from './prune-arrivals.ts'
import { preparePruneDelivered } from './prune-delivered.ts'
import { preparePruneExpired } from './prune-expired.ts'

/** The verbs that keep the file small and sound. Each deletion is a short step that returns whether more is left. */
export const housekeeping = (connection: Connection) => ({
  /** Deletes expired jobs with all that belongs to them. A job that has a pending webhook message is kept longer. */
  pruneExpired: preparePruneExpired(connection),

  /** Deletes request and output of jobs whose callers have their answers. The rows and their events stay. */
  pruneDelivered: preparePruneDelivered(connection),

  /** Deletes what was written of arrivals that were discarded, or whose gateway has died. */
  pruneArrivals: preparePruneArrivals(connection),

  /** Gives unused pages of the file back to the file system. */
  shrink: prepareShrink(connection),

  /**
   * Reads the whole file, about 200 MB a second, and looks for damage.
   *
   * @throws StoreUnusableError when the file is damaged
   */
  check: damageCheck(connection),

  /** The size of the file's content in bytes, without unused pages. */
  usedBytes: prepareUsedBytes(connection),

  /**
   * Whether a write would succeed now. Waits at most `busyTimeoutMs` for another writer. Writes nothing, unless a write
   * has failed: then only a write can tell.
   */
  canWrite: prepareCanWrite(connection),

  /** Whether the file or its disk has refused a write of this connection, and no `canWrite` has succeeded since. */
  writeHasFailed: (): boolean => connection.writeHasFailed(),
})
