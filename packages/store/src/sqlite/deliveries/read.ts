import type { Delivery, DeliveryAttempt } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, atMost, eq, given, gt, inArray } from '../drizzle.ts'
import { webhookAttempts, webhookDeliveries } from '../schema.ts'
import { deliveryColumns } from './delivery.ts'

export const prepareById = ({ db }: Connection) => {
  const select = db
    .select(deliveryColumns)
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.id, given('id')))
    .prepare()

  return (id: string): Delivery | undefined => select.get({ id })
}

/** Each delivery can have some tens of kilobytes of attempts. */
const DELIVERIES_PER_STEP = 50

export const prepareOfJob = ({ db }: Connection) => {
  const select = db
    .select(deliveryColumns)
    .from(webhookDeliveries)
    .where(and(eq(webhookDeliveries.jobSeq, given('jobSeq')), gt(webhookDeliveries.seq, given('after'))))
    .orderBy(asc(webhookDeliveries.seq))
    .limit(atMost(DELIVERIES_PER_STEP))
    .prepare()

  return function* (jobSeq: number): Generator<readonly Delivery[], void> {
    for (let after: number | undefined = 0; after !== undefined;) {
      const found: Delivery[] = select.all({ jobSeq, after })
      yield found
      after = found.at(-1)?.seq
    }
  }
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
