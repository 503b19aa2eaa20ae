const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/**
 * The waits between the attempts to deliver a message: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. After the last attempt the
 * sender gives up.
 */
export const retryScheduleMs: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
]

/** Messages that failed together are spread out, so that they are not sent again at the same moment. */
const SPREAD = 0.2
/** A longer `Retry-After` counts as this. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS

export interface Failure {
  /** How many attempts have failed, including this one. */
  readonly failures: number
  /** The header `Retry-After`: seconds, or an HTTP date. */
  readonly retryAfter?: string | undefined
  /** Milliseconds since 1970. */
  readonly nowMs: number
  /** A number from 0 to 1, as Math.random returns it. */
  readonly random: () => number
}

/**
 * How long to wait before the next attempt. `Retry-After` can make the wait longer than the schedule, up to 24 hours, but
 * never shorter.
 *
 * @returns milliseconds; undefined when no more attempts are made
 * @example
 * nextAttemptDelayMs({ failures: 1, nowMs: Date.now(), random: Math.random }) // 4,000 to 6,000
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
