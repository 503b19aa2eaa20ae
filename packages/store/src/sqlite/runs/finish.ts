import type { JobChange } from '@foreman/jobs'
import { JobLostError } from '../../errors.ts'
import type { Ending, Finish, Run } from '../../values.ts'
import type { Connection } from '../connection.ts'
import type { Changes } from '../log/changes.ts'
import type { Append } from './append.ts'
import type { LeftState } from './claimed-job.ts'
import { ensureClaimed } from './run.ts'

export type EndRun = ReturnType<typeof prepareEndRun>

/** Ends a running job. The caller opens the transaction. JobLostError means that the claim is lost. */
export const prepareEndRun = ({ sqlite }: Connection, changes: Changes) => {
  // Without Drizzle for speed: this runs for each job.
  const update = sqlite.prepare(
    `UPDATE jobs SET state = @state, claim_token = NULL, cancel_requested_at = NULL, answer_attempt = @answerAttempt,
       status_code = @statusCode, error_code = @errorCode, error_message = @errorMessage,
       prompt_tokens = @promptTokens, completion_tokens = @completionTokens,
       load_ms = @loadMs, prompt_ms = @promptMs, generate_ms = @generateMs, first_byte_at = @firstByteAt,
       finished_at = @now, expires_at = @expiresAt
     WHERE seq = +@seq AND claim_token = +@token AND state = 'running'`,
  )

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
      loadMs: rounded(end.usage?.loadMs),
      promptMs: rounded(end.usage?.promptMs),
      generateMs: rounded(end.usage?.answerMs),
      firstByteAt: end.answerAttempt === attempt ? (end.firstByteAt ?? null) : null,
      now,
      expiresAt: now + ttlMs,
    })
    if (updated.changes === 0) return false
    const change: JobChange = { type: end.state, attempt }
    changes.record(run, end.errorCode ? { ...change, code: end.errorCode } : change, now)
    return true
  }
}

const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms))

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
