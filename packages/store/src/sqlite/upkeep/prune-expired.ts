import type { Connection } from '../connection.ts'
import { isPending } from '../deliveries/delivery.ts'
import { and, eq, given, gt, inArray, lt, or, value } from '../drizzle.ts'
import { goneReceivers, jobs, webhookDeliveries } from '../schema.ts'
import { beyondHorizon, presentValues } from '../stored-time.ts'
import type { Writes } from '../verbs.ts'
import { deleteJobs, deleteLog, deleteParts, ROWS_PER_STEP } from './delete-rows.ts'
import { jobsPast } from './jobs-past.ts'

/** The deletion of an expired job is put off by this much while one of its messages is pending … */
const DELIVERY_GRACE_MS = 3_600_000
/** … unless the message is older than this, which is longer than any schedule of attempts. */
const LONGEST_DELIVERY_MS = 3 * 24 * 3_600_000
/** Longer than any job waits and runs that was submitted before its receiver was gone. */
const GONE_FOR_MS = 30 * 24 * 3_600_000

export const preparePruneExpired = (connection: Connection, writes: Writes) => {
  const { db } = connection
  const postpone = db
    .update(jobs)
    .set({ expiresAt: value('until') })
    .where(eq(jobs.seq, given('seq')))
    .prepare()
  const forgetGone = db
    .delete(goneReceivers)
    .where(or(lt(goneReceivers.since, given('before')), beyondHorizon(goneReceivers.since)))
    .prepare()

  const expiredBy = jobsPast(connection, jobs.expiresAt)

  return async (now: number): Promise<{ more: boolean; deleted: number }> => {
    const expired = await expiredBy(now)
    if (expired.length === 0) return { more: false, deleted: 0 }
    return writes.write('normal', () => {
      forgetGone.run({ ...presentValues({ now, horizonMs: GONE_FOR_MS }), before: now - GONE_FOR_MS })
      const waiting = withPendingMessage(connection, expired, now)
      for (const seq of waiting) postpone.run({ seq, until: now + DELIVERY_GRACE_MS })
      const seqs = expired.filter(seq => !waiting.has(seq))
      if (!deleteLog(connection, seqs, 'all') || !deleteParts(connection, seqs))
        return { more: true, deleted: 0 }
      return { more: expired.length === ROWS_PER_STEP, deleted: deleteJobs(connection, seqs) }
    })
  }
}

/** Those of these jobs that have a pending message which is not too old. */
const withPendingMessage = ({ db }: Connection, seqs: number[], now: number): Set<number> => {
  const waiting = db
    .selectDistinct({ seq: webhookDeliveries.jobSeq })
    .from(webhookDeliveries)
    .where(
      and(
        isPending,
        inArray(webhookDeliveries.jobSeq, seqs),
        gt(webhookDeliveries.createdAt, now - LONGEST_DELIVERY_MS),
      ),
    )
    .all()
  return new Set(waiting.map(({ seq }) => seq))
}
