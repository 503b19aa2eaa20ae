import { BACKUP } from '@foreman/jobs'
import type { Connection } from '../connection.ts'

const ROWS_PER_STEP = 500

/** Deletes what happened before a time, and series of tallies that nothing has added to since. The caller opens the transaction. */
export const preparePruneHistory = ({ sqlite }: Connection) => {
  const removals = [
    `DELETE FROM turns WHERE id IN (SELECT id FROM turns WHERE started_at < +? AND ended_at IS NOT NULL
       ORDER BY started_at LIMIT ${ROWS_PER_STEP})`,
    `DELETE FROM phases WHERE id IN (SELECT id FROM phases WHERE started_at < +? AND ended_at IS NOT NULL
       ORDER BY started_at LIMIT ${ROWS_PER_STEP})`,
    // The newest backup is told of, however old it is.
    `DELETE FROM operations WHERE id IN (SELECT id FROM operations WHERE at < +? AND state <> 'running'
         AND id IS NOT (SELECT max(id) FROM operations WHERE action = '${BACKUP}' AND state = 'done')
       ORDER BY at LIMIT ${ROWS_PER_STEP})`,
    `DELETE FROM samples WHERE (minute, caller) IN (SELECT minute, caller FROM samples WHERE minute < +?
       ORDER BY minute LIMIT ${ROWS_PER_STEP})`,
  ].map(statement => sqlite.prepare(statement))
  // The models and callers of such series are gone. What has no such label stays, however seldom it rises.
  const removeSeries = sqlite.prepare(
    `DELETE FROM tallies WHERE at < +? AND (labels LIKE '%"model":%' OR labels LIKE '%"caller":%')`,
  )

  return (before: number): boolean => {
    removeSeries.run(before)
    return removals.map(removal => removal.run(before).changes).some(deleted => deleted === ROWS_PER_STEP)
  }
}
