const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** The waits between the attempts at a message: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. After the last it is given up. */
export const retryScheduleMs: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
]

/** So that what failed together does not come again together. */
const SPREAD = 0.2
/** A receiver that wants to be left alone for longer is asked again after this. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS

export interface Failure {
  /** Attempts that have failed, this one included. */
  readonly failures: number
  /** The header `Retry-After`: seconds, or an HTTP date. */
  readonly retryAfter?: string | undefined
  /** Milliseconds since 1970. */
  readonly nowMs: number
  /** From 0 to 1, as Math.random. */
  readonly random: () => number
}

/**
 * How long to wait before the next attempt; undefined: no more are made. `Retry-After` makes the wait longer than the
 * schedule's, up to 24 hours, and never shorter.
 */
export const nextAttemptDelayMs = ({ failures, retryAfter, nowMs, random }: Failure): number | undefined => {
  const step = retryScheduleMs[failures - 1]
  if (step === undefined) return undefined
  const wait = Math.round(step * (1 - SPREAD + 2 * SPREAD * random()))
  return Math.max(wait, Math.min(retryAfterMs(retryAfter, nowMs), LONGEST_RETRY_AFTER_MS))
}

const retryAfterMs = (text: string | undefined, nowMs: number): number => {
  if (text === undefined) return 0
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * SECOND_MS : Date.parse(text) - nowMs
  return Number.isNaN(ms) ? 0 : ms
}
