import type { Connection } from '../connection.ts'
import { and, eq, sql, value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { endingQueued, isQueued } from '../queue/ending-queued.ts'
import { jobs } from '../schema.ts'
import type { JobRef } from './new-job.ts'

/**
 * `cancelled`: the job was queued and has ended. `requested`: the job is running, and its worker will end it.
 * `ended`: the job had already ended, or is deleted.
 */
export type CancelResult = 'cancelled' | 'requested' | 'ended'

export const prepareCancel = (connection: Connection, changes: Changes) => {
  const { db } = connection
  const cancelQueued = db
    .update(jobs)
    .set({ ...endingQueued, state: 'cancelled', errorCode: 'cancelled' })
    .where(isQueued)
    .returning({ attempt: jobs.attempt })
    .prepare()
  const requestCancelOfRunning = db
    .update(jobs)
    .set({ cancelRequestedAt: sql`coalesce(${jobs.cancelRequestedAt}, ${value('now')})` })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'running')))
    .returning({ attempt: jobs.attempt })
    .prepare()

  return ({ seq }: JobRef, now: number, ttlMs: number): CancelResult =>
    connection.write('full', () => {
      const queued = cancelQueued.get({ seq, now, expiresAt: now + ttlMs })
      if (queued) {
        changes.record({ seq, ...queued }, { type: 'cancelled', ...queued }, now)
        return 'cancelled'
      }
      const running = requestCancelOfRunning.get({ seq, now })
      if (!running) return 'ended'
      changes.record({ seq, ...running }, { type: 'cancel_requested' }, now)
      return 'requested'
    })
}
