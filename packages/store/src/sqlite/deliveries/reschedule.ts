import type { Deliveries } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { inArray } from '../drizzle.ts'
import { webhookDeliveries } from '../schema.ts'
import { reads, type Writes } from '../verbs.ts'

/** The most messages that one step reschedules. */
const ROWS_PER_STEP = 500
/** A clock that is set back by less holds a message up by no more than this. */
const HORIZON_MS = 60_000

export const prepareReschedule = ({ db, sqlite }: Connection, writes: Writes): Deliveries['reschedule'] => {
  // Without Drizzle for speed: this runs at each look while a message is pending.
  const selectAhead = sqlite
    .prepare(
      `SELECT seq FROM webhook_deliveries WHERE state = 'pending' AND scheduled_at > +? LIMIT ${ROWS_PER_STEP}`,
    )
    .pluck()
  const makeDue = (seqs: number[], now: number) =>
    db
      .update(webhookDeliveries)
      .set({ nextAttemptAt: now, scheduledAt: now })
      .where(inArray(webhookDeliveries.seq, seqs))
      .run()

  const seqsAhead = reads((now: number) => selectAhead.all(now + HORIZON_MS) as number[])

  return async now => {
    const seqs = await seqsAhead(now)
    if (seqs.length > 0) await writes.write('normal', () => makeDue(seqs, now))
    return seqs.length
  }
}
