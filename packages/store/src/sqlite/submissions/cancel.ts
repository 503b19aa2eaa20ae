import type { CancelResult, Ending, JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, isNull, sql, value } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import type { Changes } from '../log/changes.ts'
import { endingQueued, isQueued } from '../queue/ending-queued.ts'
import { jobs } from '../schema.ts'

export type Cancel = ReturnType<typeof prepareCancel>

/** Cancels a job. The caller opens the transaction. */
export const prepareCancel = (connection: Connection, changes: Changes) => {
  const { db } = connection
  const isRunning = and(eq(jobs.seq, given('seq')), inState('running'))
  // Whoever has been served once has had its place.
  const leftAtIfNew = sql`iif(${jobs.attempt} = 0, ${value('leftAt')}, NULL)`
  const cancelQueued = db
    .update(jobs)
    .set({ ...endingQueued, state: 'cancelled', errorCode: 'cancelled', leftAt: leftAtIfNew })
    .where(isQueued)
    .returning({ attempt: jobs.attempt })
    .prepare()
  const requestCancelOfRunning = db
    .update(jobs)
    .set({ cancelRequestedAt: value('now') })
    .where(and(isRunning, isNull(jobs.cancelRequestedAt)))
    .returning({ attempt: jobs.attempt })
    .prepare()
  const selectRunning = db.select({ seq: jobs.seq }).from(jobs).where(isRunning).prepare()

  return (
    { seq }: Pick<JobRef, 'seq'>,
    { now, ttlMs }: Ending,
    { hasLeft = false }: { readonly hasLeft?: boolean } = {},
  ): CancelResult => {
    const queued = cancelQueued.get({ seq, now, expiresAt: now + ttlMs, leftAt: hasLeft ? now : null })
    if (queued) {
      changes.record({ seq, ...queued }, { type: 'cancelled', ...queued }, now)
      return 'cancelled'
    }
    const running = requestCancelOfRunning.get({ seq, now })
    if (running) changes.record({ seq, ...running }, { type: 'cancel_requested' }, now)
    return (running ?? selectRunning.get({ seq })) ? 'requested' : 'ended'
  }
}
