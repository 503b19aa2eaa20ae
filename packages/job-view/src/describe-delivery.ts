import type { Delivery } from '@foreman/jobs'
import type { DeliveryAttempt, Delivery as StoredDelivery } from '@foreman/store'
import { time } from './time.ts'

/** A webhook delivery as callers see it, with its attempts. */
export const describeDelivery = (
  delivery: StoredDelivery,
  attempts: readonly DeliveryAttempt[],
): Delivery => ({
  id: delivery.id,
  event: delivery.event,
  url: delivery.url,
  state: delivery.state,
  created_at: time(delivery.createdAt),
  ...(delivery.nextAttemptAt !== null && { next_attempt_at: time(delivery.nextAttemptAt) }),
  ...(delivery.finishedAt !== null && { finished_at: time(delivery.finishedAt) }),
  attempts: attempts.map(({ at, durationMs, status, error, response }) => ({
    at: time(at),
    duration_ms: durationMs,
    ...(status !== null && { status }),
    ...(error !== null && { error }),
    ...(response !== null && { response }),
  })),
})

/** The code of an error of an attempt, without what quotes others. */
export const errorCodeIn = (error: string): string => error.replace(/:.*$/s, '')

/**
 * A webhook delivery without what may be content, or a secret: of the URL there is only its origin, since many receivers have
 * a secret in the path, of an error only its code, and nothing of the receiver's answer.
 */
export const outlineOfDelivery = ({ url, attempts, ...delivery }: Delivery): Delivery => ({
  ...delivery,
  url: URL.parse(url)?.origin ?? '',
  attempts: attempts.map(({ response: _response, error, ...attempt }) => ({
    ...attempt,
    ...(error !== undefined && { error: errorCodeIn(error) }),
  })),
})
