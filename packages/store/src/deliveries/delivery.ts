import type { DeliveryState, WebhookEvent } from '@foreman/jobs'
import { eq, sql } from '../drizzle.ts'
import { webhookDeliveries } from '../schema.ts'

/** One webhook message to one receiver. */
export interface Delivery {
  readonly seq: number
  /** The `webhook-id`. */
  readonly id: string
  readonly jobSeq: number
  readonly event: WebhookEvent
  readonly url: string
  readonly host: string
  readonly caller: string
  readonly state: DeliveryState
  /** The number of failed attempts since the message was written or redelivered. */
  readonly failures: number
  readonly nextAttemptAt: number | null
  readonly createdAt: number
  readonly finishedAt: number | null
}

export const deliveryColumns = {
  seq: webhookDeliveries.seq,
  id: webhookDeliveries.id,
  jobSeq: webhookDeliveries.jobSeq,
  event: webhookDeliveries.event,
  url: webhookDeliveries.url,
  host: webhookDeliveries.host,
  caller: webhookDeliveries.caller,
  state: webhookDeliveries.state,
  failures: webhookDeliveries.failures,
  nextAttemptAt: webhookDeliveries.nextAttemptAt,
  createdAt: webhookDeliveries.createdAt,
  finishedAt: webhookDeliveries.finishedAt,
}

export const isPending = eq(webhookDeliveries.state, sql`'pending'`)
