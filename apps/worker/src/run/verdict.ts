import { DEADLINE_EXCEEDED } from '@foreman/jobs'
import type { Completeness, TokenUsage } from '@foreman/ollama-client'
import { type Finish, type ProvisionalAnswer, type Release } from '@foreman/store'

/** How an attempt ended, as far as the exchange itself can tell. */
export type Ending =
  /** All of an answer arrived, and is in the log. */
  | { kind: 'answered'; status: number; completeness: Completeness; usage?: TokenUsage }
  /** All of an answer arrived whose status may mean that it is not the last word; it is not in the log yet. */
  | { kind: 'provisional'; status: number; isOllamas: boolean; answer: ProvisionalAnswer }
  /** No connection came about, or it ended before the answer did. */
  | { kind: 'broke_off'; connected: boolean; message: string }
  /** A watchdog cut it off: the whole attempt took too long, or the target fell silent within its answer. */
  | { kind: 'timed_out'; watch: 'job_timeout' | 'stall' }
  /** The request is one that HTTP cannot carry. */
  | { kind: 'unsendable'; message: string }
  /** foreman itself cut it off. */
  | { kind: 'stopped'; why: StopReason }

export type StopReason = 'cancelled' | 'shutdown' | 'deadline'

/** Whether the target is there when asked for something simple. */
export type TargetProbe = 'there' | 'gone' | 'refuses_credentials'

export interface Attempt {
  readonly attempt: number
  /** Attempts that count, this one not included. */
  readonly failedAttempts: number
  readonly maxAttempts: number
  /** The earlier attempt that brought a real answer of the target's, if one did. */
  readonly answerAttempt: number | null
  /** A caller gets the bytes as they come. */
  readonly streaming: boolean
  /** This attempt has brought bytes that a streaming caller may have. */
  readonly hasOutput: boolean
}

export type Verdict =
  | { kind: 'finish'; finish: Finish }
  | { kind: 'release'; release: Omit<Release, 'availableAt'>; delayMs: number; targetIsAway?: string }

/** An answer with one of these is kept back until it is known whether it is the last word. */
const PROVISIONAL_STATUSES = new Set([401, 403, 429, 502, 503, 504])

export const isProvisional = (status: number): boolean => PROVISIONAL_STATUSES.has(status)

/** Whether the verdict depends on the target being there. */
export const needsProbe = (ending: Ending): boolean =>
  ending.kind === 'provisional' && ending.status !== 429 && !isBusyAnswer(ending)

/** No delay is longer. */
export const MAX_DELAY_MS = 60_000
const FIRST_DELAY_MS = 500
const AWAY_DELAY_MS = 1_000
/** So often is a job run that a proxy refuses while the target behind it is there. */
const MAX_FOREIGN_REFUSALS = 8

const backoffMs = (firstMs: number, factor: number, step: number): number =>
  Math.min(firstMs * factor ** step, MAX_DELAY_MS)

/** What becomes of the job. `presence` is given where `needsProbe`. */
export const judge = (ending: Ending, job: Attempt, presence?: TargetProbe): Verdict => {
  switch (ending.kind) {
    case 'answered':
      return judgeAnswer(ending, job)
    case 'provisional':
      return judgeProvisional(ending, job, presence)
    case 'broke_off':
      if (!ending.connected) return away(ending.message)
      return again(job, 'target_lost', `the connection to the target broke off (${ending.message})`)
    case 'timed_out':
      return again(job, ending.watch, watchMessages[ending.watch])
    case 'unsendable':
      return fail(job, 'unsendable', ending.message)
    case 'stopped':
      return stopped(ending.why, job)
  }
}

const judgeAnswer = (
  { status, completeness, usage }: Extract<Ending, { kind: 'answered' }>,
  job: Attempt,
): Verdict => {
  const answer = { answerAttempt: job.attempt, statusCode: status, ...(usage && { usage }) }
  const failed = (errorCode: string): Verdict => ({
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

const judgeProvisional = (ending: Provisional, job: Attempt, presence: TargetProbe | undefined): Verdict => {
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
  if (presence !== 'there') {
    return away(
      presence === 'refuses_credentials'
        ? `it refuses foreman's credentials (${status})`
        : `it answers ${status}`,
    )
  }
  // It takes foreman's credentials, so what it refuses is this request.
  if (status === 401 || status === 403) return final
  // Something between foreman and Ollama gives up on this job, though Ollama is there: others must not wait for it,
  // nor can it be asked for ever.
  if (job.attempt >= MAX_FOREIGN_REFUSALS) return final
  return {
    kind: 'release',
    release: { code: 'target_away', spent: false },
    delayMs: backoffMs(AWAY_DELAY_MS, 2, job.attempt - 1),
  }
}

/** The attempt failed and counts. It is not repeated when a caller already has some of it. */
const again = (job: Attempt, code: string, message: string): Verdict => {
  const isRepeatable = !(job.streaming && job.hasOutput)
  if (isRepeatable && job.failedAttempts + 1 < job.maxAttempts) return retry(code, job)
  return fail(job, code, message)
}

/** With a message there is no answer, or only the beginning of one: the caller is told. */
const fail = (job: Attempt, errorCode: string, errorMessage: string): Verdict => {
  const answerAttempt = job.streaming && job.hasOutput ? job.attempt : job.answerAttempt
  return { kind: 'finish', finish: { state: 'failed', answerAttempt, errorCode, errorMessage } }
}

const retry = (code: string, job: Attempt, provisional?: ProvisionalAnswer): Verdict => ({
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

const stopped = (why: StopReason, job: Attempt): Verdict => {
  if (why === 'cancelled') return cancelled
  return why === 'shutdown'
    ? putBack(job)
    : fail(job, DEADLINE_EXCEEDED.errorCode, DEADLINE_EXCEEDED.errorMessage)
}

/** A stop is nobody's failure, but a caller who has bytes cannot be given others. */
const putBack = (job: Attempt): Verdict => {
  if (job.streaming && job.hasOutput)
    return fail(job, 'worker_stopped', 'the worker was stopped while it streamed the answer')
  return { kind: 'release', release: { code: 'worker_stopped', spent: false }, delayMs: 0 }
}

const cancelled: Verdict = {
  kind: 'finish',
  finish: { state: 'cancelled', answerAttempt: null, errorCode: 'cancelled' },
}

const watchMessages = {
  job_timeout: 'the target took too long to answer',
  stall: 'the target fell silent within its answer',
}
