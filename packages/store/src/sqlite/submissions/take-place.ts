import type { NewJob } from '../../values.ts'
import type { Connection } from '../connection.ts'

/** The place in the order of arrival that a job had whose caller has left. */
export interface KeptPlace {
  readonly place: number
  /** When the first request for it arrived. */
  readonly createdAt: number
}

/** Whoever comes back later than this has no place any more. */
const KEPT_FOR_MS = 120_000

/** Takes the place of a job whose caller has left and sends the same request again. The caller opens the transaction. */
export const prepareTakePlace = ({ sqlite }: Connection) => {
  // Whoever has left first comes first, so that the index finds one row, however many have left. A repeated call takes no second
  // place.
  const find = sqlite
    .prepare(
      `SELECT seq FROM jobs
       WHERE left_at IS NOT NULL AND caller = +? AND account = +? AND sender = +? AND request_hash = +?
         AND left_at >= +? AND left_at <= +? AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = +?)
       ORDER BY left_at, seq LIMIT 1`,
    )
    .pluck()
  const take = sqlite.prepare(
    'UPDATE jobs SET left_at = NULL WHERE seq = +? RETURNING place, coalesce(kept_created_at, created_at) AS createdAt',
  )
  return (
    { id, caller, requestHash: hash, account = '', sender = '' }: NewJob,
    now: number,
  ): KeptPlace | undefined => {
    const seq = hash && find.get(caller, account, sender, hash, now - KEPT_FOR_MS, now, id)
    // Nearly always nobody has left: that costs less than an update that finds nothing.
    return seq === undefined ? undefined : (take.get(seq) as KeptPlace)
  }
}
