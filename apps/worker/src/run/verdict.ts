import { DEADLINE_EXCEEDED, type JobErrorCode, type ReleaseCode, type RetryCode } from '@foreman/jobs'
import type { Completeness, TokenUsage } from '@foreman/ollama-client'
import { type Finish, type ProvisionalAnswer, type Release } from '@foreman/store'
import type { TargetProbe } from '../target/target-probe.ts'

/** How an attempt ended, as far as the exchange with the target shows it. */
export type Ending =
  /** The whole answer arrived, and is in the log. */
  | { kind: 'answered'; status: number; completeness: Completeness; usage?: TokenUsage }
  /** The whole answer arrived, but its status may not be final, so it is not in the log yet. */
  | { kind: 'provisional'; status: number; isOllamas: boolean; answer: ProvisionalAnswer }
  /** There was no connection, or it closed before the answer was complete. */
  | { kind: 'broke_off'; connected: boolean; message: string }
  /** What the target sent is no HTTP, or its HTTP has a mistake. */
  | { kind: 'no_http'; message: string }
  /** A watchdog cut the exchange off. */
  | { kind: 'timed_out'; watch: Watchdog }
  /** The target redirects to another server, which callers must not be sent to. */
  | { kind: 'misdirected' }
  /** HTTP cannot carry the request. */
  | { kind: 'unsendable'; message: string }
  /** foreman itself cut the exchange off. */
  | { kind: 'stopped'; why: StopCause }

/** The attempt took too long, or the target fell silent within its answer. */
export type Watchdog = Exclude<RetryCode, 'target_lost'>

export type StopCause = 'cancelled' | 'shutdown' | 'deadline'

export interface Attempt {
  readonly attempt: number
  /** Failed attempts that count, without this one. */
  readonly failedAttempts: number
  readonly maxAttempts: number
  /** The earlier attempt that brought an answer of the target's own, if one did. */
  readonly answerAttempt: number | null
  /** The caller gets the answer piece by piece. */
  readonly streaming: boolean
  /** This attempt has written bytes that a streaming caller may already have. */
  readonly hasOutput: boolean
}

export type Verdict =
  | { kind: 'finish'; finish: Finish }
  | {
      kind: 'release'
      release: Omit<Release, 'availableAt'>
      delayMs: number
      targetIsAway?: string
    }

/** Answers with one of these statuses are kept back until it is known whether the status is final. */
const PROVISIONAL_STATUSES = new Set([401, 403, 429, 502, 503, 504])

export const isProvisional = (status: number): boolean => PROVISIONAL_STATUSES.has(status)

/** Whether `judge` has to know if the target is there. */
export const needsProbe = (ending: Ending): boolean =>
  ending.kind === 'provisional' && ending.status !== 429 && !isBusyAnswer(ending)

/** How a job goes back to the queue whose end could not be written. */
export const BROKEN_RELEASE: Verdict = {
  kind: 'release',
  release: { code: 'internal_error', spent: true },
  delayMs: 60_000,
}

/** The longest delay before the next attempt. */
export const MAX_DELAY_MS = 60_000
const FIRST_DELAY_MS = 500
const AWAY_DELAY_MS = 1_000
/** A job that a proxy refuses while the target is there is tried this often. */
const MAX_FOREIGN_REFUSALS = 8

const backoffMs = (firstMs: number, factor: number, step: number): number =>
  Math.min(firstMs * factor ** step, MAX_DELAY_MS)

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
      if (!ending.connected) return away(ending.message)
      return again(job, 'target_lost', `the connection to the target broke off (${ending.message})`)
    case 'no_http':
      return fail(job, 'not_an_answer', `the target's answer is not valid HTTP (${ending.message})`)
    case 'timed_out':
      return again(job, ending.watch, watchMessages[ending.watch])
    case 'misdirected':
      return fail(job, 'not_an_answer', 'the target redirects to another server')
    case 'unsendable':
      return fail(job, 'unsendable', ending.message)
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

type Provisional = Extract<Ending, { kind: 'provisional' }>

const isBusyAnswer = ({ status, isOllamas }: Provisional): boolean =>
  isOllamas && status !== 401 && status !== 403

const judgeProvisional = (ending: Provisional, job: Attempt, probe: TargetProbe | undefined): Verdict => {
  const { status, answer: provisional } = ending
  const final: Verdict = {
    kind: 'finish',
    finish: {
      state: 'failed',
      answerAttempt: job.attempt,
      statusCode: status,
      errorCode: 'http_error',
      provisional,
    },
  }
  if (status === 429 || isBusyAnswer(ending)) {
    if (job.failedAttempts + 1 >= job.maxAttempts) return final
    return retry('target_busy', job, provisional)
  }
  if (probe !== 'there') {
    return away(
      probe === 'refuses_credentials'
        ? `it refuses foreman's credentials (${status})`
        : `it answers ${status}`,
    )
  }
  // The probe was let in with foreman's credentials, so the target refuses this request only.
  if (status === 401 || status === 403) return final
  // A proxy before Ollama refuses this job although Ollama is there. Other jobs must not wait for it, and it cannot be
  // repeated for ever.
  if (job.attempt >= MAX_FOREIGN_REFUSALS) return final
  return {
    kind: 'release',
    release: { code: 'target_away', spent: false },
    delayMs: backoffMs(AWAY_DELAY_MS, 2, job.attempt - 1),
  }
}

/** The attempt failed and counts. It is not repeated when a streaming caller may already have a part of the answer. */
const again = (job: Attempt, code: RetryCode, message: string): Verdict => {
  const isRepeatable = !(job.streaming && job.hasOutput)
  if (isRepeatable && job.failedAttempts + 1 < job.maxAttempts) return retry(code, job)
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

const retry = (code: ReleaseCode, job: Attempt, provisional?: ProvisionalAnswer): Verdict => ({
  kind: 'release',
  release: provisional ? { code, spent: true, provisional } : { code, spent: true },
  delayMs: backoffMs(FIRST_DELAY_MS, 4, job.failedAttempts),
})

const away = (reason: string): Verdict => ({
  kind: 'release',
  release: { code: 'target_away', spent: false },
  delayMs: 0,
  targetIsAway: reason,
})

const stopped = (why: StopCause, job: Attempt): Verdict => {
  if (why === 'cancelled') return cancelled
  return why === 'shutdown'
    ? putBack(job)
    : fail(job, DEADLINE_EXCEEDED.errorCode, DEADLINE_EXCEEDED.errorMessage)
}

/** A stop does not count as a failure. But a streaming caller who has bytes cannot get those of another attempt. */
const putBack = (job: Attempt): Verdict => {
  if (job.streaming && job.hasOutput)
    return fail(job, 'worker_stopped', 'the worker was stopped while it streamed the answer')
  return { kind: 'release', release: { code: 'worker_stopped', spent: false }, delayMs: 0 }
}

const cancelled: Verdict = {
  kind: 'finish',
  finish: { state: 'cancelled', answerAttempt: null, errorCode: 'cancelled' },
}

const watchMessages: Readonly<Record<Watchdog, string>> = {
  job_timeout: 'the target took too long to answer',
  stall: 'the target fell silent within its answer',
}
