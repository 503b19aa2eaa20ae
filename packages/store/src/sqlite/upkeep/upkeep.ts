import type { Upkeep } from '../../contract.ts'
import { mayPass } from '../../errors.ts'
import type { Connection } from '../connection.ts'
import type { Writes } from '../verbs.ts'
import { prepareShrink } from './file-size.ts'
import { preparePruneArrivals } from './prune-arrivals.ts'
import { preparePruneBatches } from './prune-batches.ts'
import { preparePruneDelivered } from './prune-delivered.ts'
import { preparePruneExpired } from './prune-expired.ts'
import { preparePruneFiles } from './prune-files.ts'

export const upkeep = (connection: Connection, writes: Writes): Upkeep => {
  const pruneExpired = preparePruneExpired(connection, writes)
  const pruneDelivered = preparePruneDelivered(connection, writes)
  const pruneArrivals = preparePruneArrivals(connection, writes)
  const pruneBatches = preparePruneBatches(connection, writes)
  const pruneFiles = preparePruneFiles(connection, writes)
  const shrink = prepareShrink(connection)
  return {
    step: async now => {
      const failed: Error[] = []
      /** What cannot be done now could not be done in the next part either. */
      const attempt = async <T>(part: () => Promise<T>): Promise<T | undefined> => {
        try {
          return await part()
        } catch (error) {
          if (mayPass(error) || !(error instanceof Error)) throw error
          failed.push(error)
          return undefined
        }
      }
      const expired = await attempt(() => pruneExpired(now))
      const delivered = await attempt(() => pruneDelivered(now))
      const arrivals = await attempt(() => pruneArrivals(now))
      const batches = await attempt(() => pruneBatches(now))
      const files = await attempt(() => pruneFiles(now))
      const hasMore = [expired, delivered, arrivals, batches, files].some(part => part?.more === true)
      const more = hasMore || (await attempt(shrink))?.more === true
      return { more, expired: expired?.deleted ?? 0, failed }
    },
  }
}
