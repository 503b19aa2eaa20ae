import type { DeliveryAttempt, DeliveryResult } from '@foreman/store'
import { classify, nextAttemptDelayMs, type Outcome } from '@foreman/webhooks'

export interface Sent {
  /** When it was sent. Milliseconds since the epoch, as all times here. */
  readonly at: number
  /** Attempts that had failed before. */
  readonly failures: number
  readonly nowMs: number
  readonly random: () => number
}

/** What is kept of an attempt at a message, and what becomes of the message. */
export const settle = (
  outcome: Outcome,
  { at, failures, nowMs, random }: Sent,
): { attempt: DeliveryAttempt; result: DeliveryResult } => {
  const isAnswered = outcome.kind === 'answered'
  const attempt = {
    at,
    durationMs: outcome.durationMs,
    status: isAnswered ? outcome.status : null,
    error: isAnswered ? null : `${outcome.code}: ${outcome.message}`,
    response: isAnswered ? outcome.excerpt : null,
  }
  const verdict = classify(outcome)
  if (verdict !== 'retry') return { attempt, result: { kind: verdict } }
  const retryAfter = isAnswered ? outcome.retryAfter : undefined
  const delayMs = nextAttemptDelayMs({ failures: failures + 1, retryAfter, nowMs, random })
  if (delayMs === undefined) return { attempt, result: { kind: 'dead' } }
  return { attempt, result: { kind: 'again', nextAttemptAt: nowMs + delayMs } }
}
