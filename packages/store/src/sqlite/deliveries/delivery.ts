import { eq, sql } from '../drizzle.ts'
import { webhookDeliveries } from '../schema.ts'

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
