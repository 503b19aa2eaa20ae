import type { JobChange } from '@foreman/jobs'
import type { JobAttempt, LogWriter } from './log-writer.ts'
import type { Outbox } from './outbox.ts'

export type Changes = ReturnType<typeof changeRecorder>

/** Records the changes of jobs. */
export const changeRecorder = (log: LogWriter, outbox: Outbox) => ({
  /**
   * Appends a change to the log of its job, and writes the webhook message that reports it, if somebody subscribed to
   * it. Call it after the job's row has changed, in the same transaction: the message describes the job as it is then.
   */
  record: (job: JobAttempt, change: JobChange, at: number): void => {
    log.change(job, { ...change, at })
    outbox.announce(job.seq, change.type, at)
  },

  /** The same for a job of which it is known that it has no webhook: looking for one costs as much as the entry. */
  recordUnannounced: (job: JobAttempt, change: JobChange, at: number): void => {
    log.change(job, { ...change, at })
  },
})
