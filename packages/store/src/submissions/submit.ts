import type { Connection } from '../connection.ts'
import { eq, sql } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { arrivals, jobs } from '../schema.ts'
import { prepareInsertJob } from './insert-job.ts'
import type { JobOfKey } from './job-of-key.ts'
import type { NewJob, Submitted } from './new-job.ts'

export type Submit = ReturnType<typeof prepareSubmit>

/** Inserts a job, or finds the job that its idempotency key already has. The caller opens the transaction. */
export const prepareSubmit = (connection: Connection, changes: Changes, jobOfKey: JobOfKey) => {
  const insert = prepareInsertJob(connection, changes)
  const removeKey = connection.db
    .update(jobs)
    .set({ idempotencyKey: null, requestHash: null })
    .where(eq(jobs.seq, sql.placeholder('seq')))
    .prepare()
  // If the process that wrote the arrival was only frozen, it cannot accept the arrival any more.
  const removeArrival = connection.db
    .delete(arrivals)
    .where(eq(arrivals.id, sql.placeholder('id')))
    .prepare()

  return (job: NewJob, now: number, arrival?: number): Submitted => {
    const keyed = job.idempotency && jobOfKey(job.caller, job.idempotency, now)
    if (keyed && !keyed.hasLetGo) return { seq: keyed.seq, id: keyed.id, isReplayed: true }
    if (keyed) removeKey.run({ seq: keyed.seq })
    if (keyed && keyed.arrival !== null) removeArrival.run({ id: keyed.arrival })
    return { ...insert(job, now, arrival), isReplayed: false }
  }
}
