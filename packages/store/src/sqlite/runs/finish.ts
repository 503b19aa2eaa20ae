import type { JobChange } from '@foreman/jobs'
import { JobLostError } from '../../errors.ts'
import type { Ending, Finish, Run } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobs } from '../schema.ts'
import type { Append } from './append.ts'
import type { LeftState } from './claimed-job.ts'
import { ensureClaimed, isClaimed, leavingRunning } from './run.ts'

export type EndRun = ReturnType<typeof prepareEndRun>

/** Ends a running job. The caller opens the transaction. JobLostError means that the claim is lost. */
export const prepareEndRun = ({ db }: Connection, changes: Changes) => {
  const update = db
    .update(jobs)
    .set({
      ...leavingRunning,
      state: value('state'),
      answerAttempt: value('answerAttempt'),
      statusCode: value('statusCode'),
      errorCode: value('errorCode'),
      errorMessage: value('errorMessage'),
      promptTokens: value('promptTokens'),
      completionTokens: value('completionTokens'),
      loadMs: value('loadMs'),
      finishedAt: value('now'),
      expiresAt: value('expiresAt'),
    })
    .where(isClaimed)
    .prepare()

  /** @returns whether the claim held the job */
  return (run: Run, end: Finish, { now, ttlMs }: Ending): boolean => {
    const { seq, token, attempt } = run
    const updated = update.run({
      seq,
      token,
      state: end.state,
      answerAttempt: end.answerAttempt,
      statusCode: end.statusCode ?? null,
      errorCode: end.errorCode ?? null,
      errorMessage: end.errorMessage ?? null,
      promptTokens: end.usage?.promptTokens ?? null,
      completionTokens: end.usage?.completionTokens ?? null,
      loadMs: end.usage?.loadMs === undefined ? null : Math.round(end.usage.loadMs),
      now,
      expiresAt: now + ttlMs,
    })
    if (updated.changes === 0) return false
    const change: JobChange = { type: end.state, attempt }
    changes.record(run, end.errorCode ? { ...change, code: end.errorCode } : change, now)
    return true
  }
}

interface FinishParts {
  readonly append: Append
  readonly endRun: EndRun
  readonly leftState: LeftState
}

/** The verb `finish`. */
export const prepareFinish = ({ sqlite }: Connection, { append, endRun, leftState }: FinishParts) => {
  const selectEntry = sqlite.prepare('SELECT 1 FROM job_log WHERE id = +? AND job_seq = +?').pluck()

  return (run: Run, end: Finish, ending: Ending): void => {
    if (leftState(run) === end.state) return
    const { after, output } = end
    if (output) append(run, { after: after ?? 0, ...output })
    else if (after !== undefined && selectEntry.get(after, run.seq) === undefined)
      throw new JobLostError(`the log of job ${run.seq} has lost what the run appended`)
    ensureClaimed(run, endRun(run, end, ending))
  }
}
