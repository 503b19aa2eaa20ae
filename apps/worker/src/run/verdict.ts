import { DEADLINE_EXCEEDED, type JobErrorCode, type RetryCode } from '@foreman/jobs'
import type { TargetProbe } from '../target/target-probe.ts'
import { backoffMs } from './delays.ts'
import type { Attempt, Ending, StopCause, Verdict, Watchdog } from './ending.ts'
import { judgeProvisional, notThere } from './provisional.ts'

/** How a job goes back to the queue whose end could not be written. */
export const BROKEN_RELEASE: Verdict = {
  kind: 'release',
  release: { code: 'internal_error', spent: true },
  delayMs: 60_000,
}

/** Whether a job has had all of its attempts. Its run before this one could not write its end, or the limit was lowered. */
export const isUsedUp = ({ failedAttempts, maxAttempts }: Attempt): boolean => failedAttempts >= maxAttempts

/**
 * Decides what becomes of the job.
 *
 * @param probe whether the target is there, where `needsProbe` asks for it
 */
export const judge = (ending: Ending, job: Attempt, probe?: TargetProbe): Verdict => {
  switch (ending.kind) {
    case 'answered':
      return judgeAnswer(ending, job)
    case 'provisional':
      return judgeProvisional(ending, job, probe)
    case 'broke_off':
      if (!ending.connected) return notThere(ending.message)
      return again(job, 'target_lost', `the connection to the target broke off (${ending.message})`)
    case 'no_http':
      return fail(job, 'not_an_answer', `the target's answer is not valid HTTP (${ending.message})`)
    case 'timed_out':
      return again(job, ending.watch, watchMessages[ending.watch])
    case 'misdirected':
      return fail(job, 'not_an_answer', 'the target redirects to another server')
    case 'unsendable':
      return fail(job, 'unsendable', ending.message)
    case 'used_up':
      return fail(job, 'internal_error', 'all attempts of the job have failed')
    case 'stopped':
      return stopped(ending.why, job)
  }
}

/** How a job ends whose run met an error that nobody has foreseen. Repeating it would most likely meet it again. */
export const judgeBroken = (job: Attempt): Extract<Verdict, { kind: 'finish' }> =>
  fail(job, 'internal_error', 'an error within foreman ended the job')

const judgeAnswer = (
  { status, completeness, usage }: Extract<Ending, { kind: 'answered' }>,
  job: Attempt,
): Verdict => {
  const answer = { answerAttempt: job.attempt, statusCode: status, ...(usage && { usage }) }
  const failed = (errorCode: JobErrorCode): Verdict => ({
    kind: 'finish',
    finish: { ...answer, state: 'failed', errorCode },
  })
  if (status >= 300) return failed('http_error')
  switch (completeness) {
    case 'whole':
      return { kind: 'finish', finish: { ...answer, state: 'succeeded' } }
    case 'own_error':
      return failed('target_error')
    case 'cut_short':
      return fail(job, 'cut_short', 'the target ended its answer before it was complete')
    case 'unknown':
      return failed('not_an_answer')
  }
}

/** The attempt failed and counts. It is not repeated when a streaming caller may already have a part of the answer. */
const again = (job: Attempt, code: RetryCode, message: string): Verdict => {
  const isRepeatable = !(job.streaming && job.hasOutput)
  if (isRepeatable && job.failedAttempts + 1 < job.maxAttempts)
    return { kind: 'release', release: { code, spent: true }, delayMs: backoffMs(job.failedAttempts) }
  return fail(job, code, message)
}

/** The job has no answer, or only the beginning of one. The caller gets the message. */
const fail = (
  job: Attempt,
  errorCode: JobErrorCode,
  errorMessage: string,
): Extract<Verdict, { kind: 'finish' }> => {
  const answerAttempt = job.streaming && job.hasOutput ? job.attempt : job.answerAttempt
  return { kind: 'finish', finish: { state: 'failed', answerAttempt, errorCode, errorMessage } }
}

const stopped = (why: StopCause, job: Attempt): Verdict => {
  if (why === 'cancelled') return cancelled
  return why === 'deadline'
    ? fail(job, DEADLINE_EXCEEDED.errorCode, DEADLINE_EXCEEDED.errorMessage)
    : putBack(why === 'paused' ? 'paused' : 'worker_stopped', job)
}

/** A stop does not count as a failure. But a streaming caller who has bytes cannot get those of another attempt. */
const putBack = (code: 'paused' | 'worker_stopped', job: Attempt): Verdict => {
  if (job.streaming && job.hasOutput)
    return fail(job, 'worker_stopped', 'the worker was stopped while it streamed the answer')
  return { kind: 'release', release: { code, spent: false }, delayMs: 0 }
}

const cancelled: Verdict = {
  kind: 'finish',
  finish: { state: 'cancelled', answerAttempt: null, errorCode: 'cancelled' },
}

const watchMessages: Readonly<Record<Watchdog, string>> = {
  job_timeout: 'the target took too long to answer',
  stall: 'the target fell silent within its answer',
  load_timeout: 'the target did not load the model in time',
}
