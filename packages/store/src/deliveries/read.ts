import type { Connection } from '../connection.ts'
import { asc, eq, inArray, sql } from '../drizzle.ts'
import { webhookAttempts, webhookDeliveries } from '../schema.ts'
import { type Delivery, deliveryColumns } from './delivery.ts'

/** One attempt at a delivery. */
export interface DeliveryAttempt {
  readonly at: number
  readonly durationMs: number
  readonly status: number | null
  readonly error: string | null
  readonly response: string | null
}

export const prepareById = ({ db }: Connection) => {
  const select = db
    .select(deliveryColumns)
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.id, sql.placeholder('id')))
    .prepare()

  return (id: string): Delivery | undefined => select.get({ id })
}

export const prepareOfJob = ({ db }: Connection) => {
  const select = db
    .select(deliveryColumns)
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.jobSeq, sql.placeholder('jobSeq')))
    .orderBy(asc(webhookDeliveries.seq))
    .prepare()

  return (jobSeq: number): Delivery[] => select.all({ jobSeq })
}

export const attemptsReader =
  ({ db }: Connection) =>
  (seqs: readonly number[]): (DeliveryAttempt & { deliverySeq: number })[] =>
    db
      .select()
      .from(webhookAttempts)
      .where(inArray(webhookAttempts.deliverySeq, [...seqs]))
      .orderBy(asc(webhookAttempts.seq))
      .all()
