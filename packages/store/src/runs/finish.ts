import type { EndState, JobChange, JobErrorCode } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import type { LogWriter } from '../log/log-writer.ts'
import { jobs } from '../schema.ts'
import {
  ensureClaimed,
  isClaimed,
  leavingRunning,
  logProvisional,
  type ProvisionalAnswer,
  type Run,
} from './run.ts'

/** How a job ends. */
export interface Finish {
  readonly state: EndState
  /** The attempt whose output is the answer. Null: the job has no answer. */
  readonly answerAttempt: number | null
  readonly statusCode?: number
  readonly errorCode?: JobErrorCode
  readonly errorMessage?: string
  /** The answer of this attempt, when it is not in the log yet. */
  readonly provisional?: ProvisionalAnswer
  /** The token counts that the answer states. */
  readonly usage?: { readonly promptTokens?: number; readonly completionTokens?: number }
}

export type EndRun = ReturnType<typeof prepareEndRun>

/** Ends a running job. The caller opens the transaction. JobLostError means that the claim is lost. */
export const prepareEndRun = ({ db }: Connection, log: LogWriter, changes: Changes) => {
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
      finishedAt: value('now'),
      expiresAt: value('expiresAt'),
    })
    .where(isClaimed)
    .prepare()

  return (run: Run, end: Finish, now: number, ttlMs: number): void => {
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
      now,
      expiresAt: now + ttlMs,
    })
    ensureClaimed(run, updated.changes > 0)
    logProvisional(log, run, end.provisional)
    const change: JobChange = { type: end.state, attempt }
    changes.record(run, end.errorCode ? { ...change, code: end.errorCode } : change, now)
  }
}

/** How a job ends that its caller has cancelled. */
export const CANCELLED: Finish = {
  state: 'cancelled',
  answerAttempt: null,
  errorCode: 'cancelled',
}
