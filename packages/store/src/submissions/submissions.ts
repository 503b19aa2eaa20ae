import type { Connection } from '../connection.ts'
import type { Changes } from '../log/changes.ts'
import { arrivals } from './arrivals.ts'
import { prepareCancel } from './cancel.ts'
import { prepareDelivered } from './delivered.ts'
import { prepareJobOfKey } from './job-of-key.ts'
import type { IdempotencyKey, NewJob, Submitted } from './new-job.ts'
import { prepareSubmit } from './submit.ts'

/** The verbs of a process that submits jobs. */
export const submissions = (connection: Connection, changes: Changes) => {
  const jobOfKey = prepareJobOfKey(connection)
  const submit = prepareSubmit(connection, changes, jobOfKey)
  return {
    /**
     * Whether a request with this key would get a job that exists already.
     *
     * @throws KeyReusedError when the key belongs to a different request of the caller
     * @throws KeyInUseError when the jobs of the key are still being written
     */
    hasJob: (caller: string, key: IdempotencyKey, now: number): boolean =>
      jobOfKey(caller, key, now)?.hasLetGo === false,

    /**
     * Inserts a job. When this returns, the job is on the disk, and it will end exactly once.
     *
     * @throws KeyReusedError when its key belongs to a different request of the caller
     * @throws KeyInUseError when the jobs of its key are still being written
     */
    enqueue: (job: NewJob, now: number): Submitted => connection.write('full', () => submit(job, now)),

    /**
     * Inserts all of the jobs, or none of them.
     *
     * @throws KeyReusedError, KeyInUseError as `enqueue` does
     */
    enqueueAll: (all: readonly NewJob[], now: number): Submitted[] =>
      connection.write('full', () => all.map(job => submit(job, now))),

    /** Submits in several commits what is too large for one. */
    arrivals: arrivals(connection, submit),

    /**
     * Ends a queued job, or asks the worker to end a running one.
     *
     * @param ttlMs how long the row of a job that ends here is kept
     */
    cancel: prepareCancel(connection, changes),

    /**
     * Notes that the caller has the whole answer: request and answer may be deleted at `expireAt`. Does nothing for a
     * job that has not ended, and for a job with an idempotency key, because its caller may ask for the answer again.
     */
    delivered: prepareDelivered(connection),
  }
}
