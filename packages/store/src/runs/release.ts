import type { JobChange, ReleaseCode } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { sql, value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import type { LogWriter } from '../log/log-writer.ts'
import { jobs } from '../schema.ts'
import type { ClaimedJob } from './claimed-job.ts'
import { CANCELLED, type EndRun } from './finish.ts'
import {
  ensureClaimed,
  isClaimed,
  leavingRunning,
  logProvisional,
  type ProvisionalAnswer,
  type Run,
} from './run.ts'

/** How a job goes back to the queue. */
export interface Release {
  /** Why the attempt did not end the job. */
  readonly code: ReleaseCode
  /** The job does not start again before this time. Undefined: it is ready at once. */
  readonly availableAt?: number
  /** Whether this attempt counts against the limit of attempts. */
  readonly spent: boolean
  /** The answer of this attempt. It becomes the best answer so far. */
  readonly provisional?: ProvisionalAnswer
}

export type RequeueRun = ReturnType<typeof prepareRequeueRun>

/** Puts a running job back into the queue. The caller opens the transaction. JobLostError: the claim is lost. */
export const prepareRequeueRun = ({ db }: Connection, log: LogWriter, changes: Changes) => {
  const update = db
    .update(jobs)
    .set({
      ...leavingRunning,
      state: 'queued',
      availableAt: value('availableAt'),
      failedAttempts: sql`${jobs.failedAttempts} + ${value('spent')}`,
      answerAttempt: sql`coalesce(${value('answerAttempt')}, ${jobs.answerAttempt})`,
    })
    .where(isClaimed)
    .prepare()

  return (run: Run, { code, availableAt, spent, provisional }: Release, now: number): void => {
    const { seq, token, attempt } = run
    const updated = update.run({
      seq,
      token,
      availableAt: availableAt ?? null,
      spent: spent ? 1 : 0,
      answerAttempt: provisional ? attempt : null,
    })
    ensureClaimed(run, updated.changes > 0)
    logProvisional(log, run, provisional)
    const change: JobChange = { type: 'released', attempt, code }
    changes.record(run, availableAt === undefined ? change : { ...change, availableAt }, now)
  }
}

interface ReleaseParts {
  readonly claimedJob: ClaimedJob
  readonly endRun: EndRun
  readonly requeueRun: RequeueRun
}

export const prepareRelease =
  (connection: Connection, { claimedJob, endRun, requeueRun }: ReleaseParts) =>
  (run: Run, back: Release, now: number, ttlMs: number): 'queued' | 'cancelled' =>
    connection.write('full', () => {
      if (typeof claimedJob(run)?.cancelRequestedAt === 'number') {
        endRun(run, CANCELLED, now, ttlMs)
        return 'cancelled'
      }
      requeueRun(run, back, now)
      return 'queued'
    })
