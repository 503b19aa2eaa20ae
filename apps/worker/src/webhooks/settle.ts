import type { DeliveryAttempt, DeliveryResult } from '@foreman/store'
import { classify, nextAttemptDelayMs, type Outcome } from '@foreman/webhooks'

export interface SentDelivery {
  /** When it was sent, in milliseconds since the epoch like all times here. */
  readonly at: number
  /** Attempts at this delivery that failed before. */
  readonly failures: number
  readonly nowMs: number
  readonly random: () => number
}

/** How a delivery attempt ended. `internal_error`: foreman itself made an error. */
export type SendOutcome =
  | Outcome
  | (Omit<Extract<Outcome, { kind: 'failed' }>, 'code'> & { readonly code: 'internal_error' })

/** Turns the outcome of a delivery attempt into its record, and decides what becomes of the delivery. */
export const settle = (
  outcome: SendOutcome,
  { at, failures, nowMs, random }: SentDelivery,
): { attempt: DeliveryAttempt; result: DeliveryResult } => {
  const isAnswered = outcome.kind === 'answered'
  const attempt = {
    at,
    durationMs: outcome.durationMs,
    status: isAnswered ? outcome.status : null,
    error: isAnswered ? null : `${outcome.code}: ${outcome.message}`,
    response: isAnswered ? outcome.excerpt : null,
  }
  const verdict = isAnswered ? classify(outcome) : 'retry'
  if (verdict !== 'retry') return { attempt, result: { kind: verdict } }
  const retryAfter = isAnswered ? outcome.retryAfter : undefined
  const delayMs = nextAttemptDelayMs({ failures: failures + 1, retryAfter, nowMs, random })
  if (delayMs === undefined) return { attempt, result: { kind: 'dead' } }
  return { attempt, result: { kind: 'again', nextAttemptAt: nowMs + delayMs } }
}
