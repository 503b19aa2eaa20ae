import { ConnectionError } from '@foreman/ollama-client'
import { setTimeout as delay } from 'node:timers/promises'
import pRetry from 'p-retry'
import { ForemanError } from './errors.ts'

const LONGEST_PAUSE_MS = 15_000
/** However long a Retry-After is. */
const LONGEST_OBEDIENCE_MS = 300_000

/** Of those who stand before foreman, and of foreman when it has no room for the moment. */
const PASSING_STATUSES = new Set([429, 502, 503, 504])

export interface PatienceOptions {
  /** Before the second attempt; longer from one to the next. */
  readonly pauseMs: number
  readonly signal: AbortSignal | undefined
}

/** Repeats what fails for a reason that passes. @throws the error of any other reason; the signal's reason */
export const patiently = <T>(attempt: () => Promise<T>, { pauseMs, signal }: PatienceOptions): Promise<T> =>
  pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: pauseMs,
    maxTimeout: LONGEST_PAUSE_MS,
    randomize: true,
    signal,
    onFailedAttempt: async ({ error, retryDelay }) => {
      if (!passes(error)) throw error
      const askedMs = (error instanceof ForemanError && error.retryAfterMs) || 0
      await pause(Math.min(askedMs, LONGEST_OBEDIENCE_MS) - retryDelay, signal)
    },
  })

/** Whether the same may go well later. */
export const passes = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof ForemanError && PASSING_STATUSES.has(error.status))

/** @throws the signal's reason */
export const pause = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => signal?.throwIfAborted())
}
