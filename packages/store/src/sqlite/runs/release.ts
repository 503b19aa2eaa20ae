import type { JobChange } from '@foreman/jobs'
import { CANCELLED } from '../../after-loss.ts'
import type { Ending, Release, Run } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { sql, value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import type { LogWriter } from '../log/log-writer.ts'
import { jobs } from '../schema.ts'
import type { ClaimedJob, LeftState } from './claimed-job.ts'
import type { EndRun } from './finish.ts'
import { ensureClaimed, isClaimed, leavingRunning } from './run.ts'

export type RequeueRun = ReturnType<typeof prepareRequeueRun>

/** Puts a running job back into the queue. The caller opens the transaction. */
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

  /** @returns whether the claim held the job */
  return (run: Run, { code, availableAt, spent, provisional }: Release, now: number): boolean => {
    const { seq, token, attempt } = run
    const updated = update.run({
      seq,
      token,
      availableAt: availableAt ?? null,
      spent: spent ? 1 : 0,
      answerAttempt: provisional ? attempt : null,
    })
    if (updated.changes === 0) return false
    if (provisional) {
      log.head(run, provisional.head)
      log.body(run, [provisional.body])
    }
    const change: JobChange = { type: 'released', attempt, code }
    changes.record(run, availableAt === undefined ? change : { ...change, availableAt }, now)
    return true
  }
}

interface ReleaseParts {
  readonly claimedJob: ClaimedJob
  readonly leftState: LeftState
  readonly endRun: EndRun
  readonly requeueRun: RequeueRun
}

/** The verb `release`. */
export const prepareRelease =
  ({ claimedJob, leftState, endRun, requeueRun }: ReleaseParts) =>
  (run: Run, back: Release, ending: Ending): 'queued' | 'cancelled' => {
    const isCancelled = typeof claimedJob(run)?.cancelRequestedAt === 'number'
    if (isCancelled && endRun(run, CANCELLED, ending)) return 'cancelled'
    if (requeueRun(run, back, ending.now)) return 'queued'
    const left = leftState(run)
    ensureClaimed(run, left === 'queued' || left === 'cancelled')
    return left === 'cancelled' ? 'cancelled' : 'queued'
  }
