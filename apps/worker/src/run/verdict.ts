import { DEADLINE_EXCEEDED, type JobErrorCode, type RetryCode } from '@foreman/jobs'
import type { Completeness, TokenUsage } from '@foreman/ollama-client'
import { type Finish, type ProvisionalAnswer, type Release } from '@foreman/store'
import type { TargetProbe } from '../target/target-probe.ts'

/** How an attempt ended, as far as the exchange with the target shows it. */
export type Ending =
  /** The whole answer arrived, and is in the log. */
  | { kind: 'answered'; status: number; completeness: Completeness; usage?: TokenUsage }
  /** The whole answer arrived, but its status may not be final, so it is not in the log yet. */
  | { kind: 'provisional'; status: number; isOllamas: boolean; waitMs: number; answer: ProvisionalAnswer }
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
  /** The request was not sent, because the job has no attempt left. */
  | { kind: 'used_up' }
  /** foreman itself cut the exchange off. */
  | { kind: 'stopped'; why: StopCause }

/** The attempt took too long, or the load of its model, or the target fell silent within its answer. */
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

/** The longest delay before the next attempt that foreman chooses itself. */
export const MAX_BACKOFF_MS = 60_000
/** The longest delay before the next attempt. A target that asks for a longer one is asked again then. */
export const MAX_DELAY_MS = 600_000
const FIRST_DELAY_MS = 500
/** After so many runs of a job, each further one counts as an attempt, also if the target has asked to be left alone. */
const MAX_FREE_RUNS = 8

const backoffMs = (step: number): number => Math.min(FIRST_DELAY_MS * 4 ** step, MAX_BACKOFF_MS)

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
  if (status === 429 || isBusyAnswer(ending))
    return refused({ ending, job, final, release: { code: 'target_busy', provisional } })
  if (status === 401 || status === 403) {
    // The probe was let in with foreman's credentials, so the target refuses this request only.
    return probe === 'there' ? final : away(ending, probe)
  }
  // A proxy answers in place of Ollama. If Ollama is there, other jobs must not wait for this one.
  if (status === 504) {
    // The proxy has waited for Ollama, which may have generated all the time.
    const verdict = refused({ ending, job, final, release: { code: 'job_timeout' } })
    return probe === 'there' || verdict.kind === 'finish'
      ? verdict
      : { ...verdict, targetIsAway: awayReason(ending, probe) }
  }
  if (probe === 'there') return refused({ ending, job, final, release: { code: 'target_away' } })
  // Ollama may have died of this job.
  return job.attempt >= MAX_FREE_RUNS ? final : away(ending, probe)
}

interface Refused {
  readonly ending: Provisional
  readonly job: Attempt
  readonly final: Verdict
  readonly release: Pick<Release, 'code' | 'provisional'>
}

/**
 * The target has answered, but may take the request later. That counts as a failed attempt, unless the target has said
 * when: 429 and 503 mean that it has done nothing.
 */
const refused = ({ ending, job, final, release }: Refused): Verdict => {
  const waitMs = Math.min(ending.waitMs, MAX_DELAY_MS)
  const isFree = waitMs > 0 && (ending.status === 429 || ending.status === 503) && job.attempt < MAX_FREE_RUNS
  if (isFree)
    return {
      kind: 'release',
      release: { ...release, spent: false },
      delayMs: Math.max(waitMs, FIRST_DELAY_MS),
    }
  if (job.failedAttempts + 1 >= job.maxAttempts) return final
  return {
    kind: 'release',
    release: { ...release, spent: true },
    delayMs: Math.max(waitMs, backoffMs(job.failedAttempts)),
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

const notThere = (reason: string): Verdict => ({
  kind: 'release',
  release: { code: 'target_away', spent: false },
  delayMs: 0,
  targetIsAway: reason,
})

const away = (ending: Provisional, probe: TargetProbe | undefined): Verdict =>
  notThere(awayReason(ending, probe))

const awayReason = ({ status }: Provisional, probe: TargetProbe | undefined): string =>
  probe === 'refuses_credentials' ? `it refuses foreman's credentials (${status})` : `it answers ${status}`

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
  load_timeout: 'the target did not load the model in time',
}
