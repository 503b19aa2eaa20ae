import type { Connection } from '../connection.ts'
import type { Changes } from '../log/changes.ts'
import type { LogWriter } from '../log/log-writer.ts'
import { prepareAppend } from './append.ts'
import { prepareCancelRequests } from './cancel-requests.ts'
import { prepareClaimedJob } from './claimed-job.ts'
import { type Finish, prepareEndRun } from './finish.ts'
import { prepareProgress } from './progress.ts'
import { prepareRelease, prepareRequeueRun } from './release.ts'
import { prepareRequeueLost } from './requeue-lost.ts'
import type { Run } from './run.ts'

/** The verbs of the worker for the jobs that it runs. Every write of a run carries the token of its claim. */
export const runs = (connection: Connection, log: LogWriter, changes: Changes) => {
  const claimedJob = prepareClaimedJob(connection)
  const endRun = prepareEndRun(connection, log, changes)
  const requeueRun = prepareRequeueRun(connection, log, changes)
  return {
    /**
     * Appends bytes of the target to the log, unchanged. They survive a killed process at once, and a power cut after
     * the finish.
     *
     * @throws JobLostError when the claim is lost
     */
    append: prepareAppend(connection, log, claimedJob),

    /**
     * Records how many tokens the run has received.
     *
     * @throws JobLostError when the claim is lost
     */
    progress: prepareProgress(connection, changes),

    /**
     * Ends the job. Its last change of state, its answer and its end event are one durable transaction.
     *
     * @param ttlMs how long the row is kept
     * @throws JobLostError when the claim is lost
     */
    finish: (run: Run, end: Finish, now: number, ttlMs: number): void => {
      connection.write('full', () => endRun(run, end, now, ttlMs))
    },

    /**
     * Puts the job back into the queue, at its old place. If its cancellation was requested meanwhile, the job ends
     * here instead: otherwise the request would be lost with the run.
     *
     * @param ttlMs how long the row is kept if the job ends here
     * @throws JobLostError when the claim is lost
     */
    release: prepareRelease(connection, { claimedJob, endRun, requeueRun }),

    /** The running jobs whose cancellation was requested. */
    cancelRequests: prepareCancelRequests(connection),

    /**
     * Recovers the running jobs of a dead worker. Only the worker that has just taken the worker lock may call it,
     * because then no other worker runs a job. A job is requeued at its old place, unless its caller already has bytes
     * of it, its cancellation was requested, or it was lost too often. A loss counts only for a job that ran alone; jobs
     * that were lost together run alone from now on.
     */
    requeueLost: prepareRequeueLost(connection, { changes, endRun, requeueRun }),
  }
}
