import type { Deliveries } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { and, atMost, inArray } from '../drizzle.ts'
import { webhookDeliveries } from '../schema.ts'
import { beyondHorizon, presentValues } from '../stored-time.ts'
import { reads, type Writes } from '../verbs.ts'
import { isPending } from './delivery.ts'

/** The most messages that one step reschedules. */
const ROWS_PER_STEP = 500
/** A clock that is set back by less holds a message up by no more than this. */
const HORIZON_MS = 60_000

export const prepareReschedule = ({ db }: Connection, writes: Writes): Deliveries['reschedule'] => {
  const selectAhead = db
    .select({ seq: webhookDeliveries.seq })
    .from(webhookDeliveries)
    .where(and(isPending, beyondHorizon(webhookDeliveries.scheduledAt)))
    .limit(atMost(ROWS_PER_STEP))
    .prepare()
  const makeDue = (seqs: number[], now: number) =>
    db
      .update(webhookDeliveries)
      .set({ nextAttemptAt: now, scheduledAt: now })
      .where(inArray(webhookDeliveries.seq, seqs))
      .run()

  const seqsAhead = reads((now: number) =>
    selectAhead.all(presentValues({ now, horizonMs: HORIZON_MS })).map(({ seq }) => seq),
  )

  return async now => {
    const seqs = await seqsAhead(now)
    if (seqs.length > 0) await writes.write('normal', () => makeDue(seqs, now))
    return { more: seqs.length === ROWS_PER_STEP }
  }
}
