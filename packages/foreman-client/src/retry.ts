import { ConnectionError } from '@foreman/ollama-client'
import { setTimeout as delay } from 'node:timers/promises'
import pRetry from 'p-retry'
import { ForemanError } from './errors.ts'

const MAX_PAUSE_MS = 15_000
/** A longer Retry-After is cut to this. */
const MAX_RETRY_AFTER_MS = 300_000

/** A proxy in front of foreman sends these, and foreman does when it has no room at the moment. */
const TRANSIENT_STATUSES = new Set([429, 502, 503, 504])

export interface RetryOptions {
  /** Pause before the second attempt. It grows from one attempt to the next. */
  readonly pauseMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Repeats an attempt for as long as it fails with a transient error.
 * @throws the first error that is not transient
 * @throws the signal's reason when aborted
 */
export const withRetries = <T>(attempt: () => Promise<T>, { pauseMs, signal }: RetryOptions): Promise<T> =>
  pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: pauseMs,
    maxTimeout: MAX_PAUSE_MS,
    randomize: true,
    signal,
    onFailedAttempt: async ({ error, retryDelay }) => {
      if (!isTransient(error)) throw error
      const askedMs = (error instanceof ForemanError && error.retryAfterMs) || 0
      await pause(Math.min(askedMs, MAX_RETRY_AFTER_MS) - retryDelay, signal)
    },
  })

/** The first request with this key is still being written: that one lost its connection, or its program. */
const KEY_IN_USE = 'idempotency_key_in_use'

/** Whether the same request may succeed later. */
export const isTransient = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  (error instanceof ForemanError && (TRANSIENT_STATUSES.has(error.status) || error.code === KEY_IN_USE))

/** @throws the signal's reason when aborted */
export const pause = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => signal?.throwIfAborted())
}
