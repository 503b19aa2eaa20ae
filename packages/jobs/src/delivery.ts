import type { JobChange } from './events.ts'
import type { EndState } from './state.ts'

/** The states of a webhook delivery. `dead`: foreman has given up. */
export const deliveryStates = ['pending', 'delivered', 'dead'] as const

export type DeliveryState = (typeof deliveryStates)[number]

/**
 * The webhook event that reports each change of a job. A change that is missing here is not reported.
 *
 * @example
 * webhookEventOf.released // 'job.retrying'
 */
export const webhookEventOf = {
  queued: 'job.queued',
  started: 'job.started',
  progress: 'job.progress',
  released: 'job.retrying',
  succeeded: 'job.succeeded',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
} as const satisfies Partial<Record<JobChange['type'], string>>

export type WebhookEvent = (typeof webhookEventOf)[keyof typeof webhookEventOf]

export const webhookEvents: readonly WebhookEvent[] = Object.values(webhookEventOf)

/** The events that a webhook gets if it names none: the end of the job. */
export const endEvents = [
  'job.succeeded',
  'job.failed',
  'job.cancelled',
] as const satisfies readonly `job.${EndState}`[]
