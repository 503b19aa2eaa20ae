import type { Connection } from '../connection.ts'
import { eq, sql } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobs } from '../schema.ts'
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

  return (job: NewJob, now: number, arrival?: number): Submitted => {
    const keyed = job.idempotency && jobOfKey(job.caller, job.idempotency, now)
    if (keyed && !keyed.hasLetGo) return { seq: keyed.seq, id: keyed.id, isReplayed: true }
    if (keyed) removeKey.run({ seq: keyed.seq })
    return { ...insert(job, now, arrival), isReplayed: false }
  }
}
