import type { Delivery, DeliveryConditions, ListedDelivery } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, desc, eq, gte, isNull, lt, type SQL } from '../drizzle.ts'
import { jobs, webhookDeliveries } from '../schema.ts'
import { falling, prepareLookBack, prepareSeqs, rising, type SeqRange } from '../seq-steps.ts'
import { deliveryColumns } from './delivery.ts'

/** No index finds messages by their state or host, and a row has a body of some tens of kilobytes before these. */
const SEQS_PER_STEP = 500

/** Each message can have some tens of kilobytes of attempts. */
const DELIVERIES_PER_STEP = 50

const { seq, createdAt, caller: callerColumn, state: stateColumn, host: hostColumn } = webhookDeliveries

const matches = (
  { caller, state, host, since, until }: DeliveryConditions,
  { first, end }: SeqRange,
): SQL | undefined =>
  and(
    gte(seq, first),
    lt(seq, end),
    isNull(jobs.arrival),
    caller === undefined ? undefined : eq(callerColumn, caller),
    state && eq(stateColumn, state),
    host === undefined ? undefined : eq(hostColumn, host),
    since === undefined ? undefined : gte(createdAt, since),
    until === undefined ? undefined : lt(createdAt, until),
  )

const prepareRange = (connection: Connection) => {
  const seqs = prepareSeqs(connection, 'webhook_deliveries')

  return ({ from = 0, before = Infinity }: DeliveryConditions): SeqRange => ({
    first: Math.max(seqs.first(), from),
    end: Math.min(before, seqs.last() + 1),
  })
}

export const prepareList = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return ({
    limit,
    ...conditions
  }: DeliveryConditions & { readonly limit: number }): Iterable<readonly ListedDelivery[]> =>
    falling(
      rangeOf(conditions),
      { limit, numbers: SEQS_PER_STEP, rows: DELIVERIES_PER_STEP },
      (range, most): ListedDelivery[] =>
        connection.db
          .select({ ...deliveryColumns, jobId: jobs.id })
          .from(webhookDeliveries)
          .innerJoin(jobs, eq(jobs.seq, webhookDeliveries.jobSeq))
          .where(matches(conditions, range))
          .orderBy(desc(seq))
          .limit(most)
          .all(),
    )
}

export const prepareRefs = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return (conditions: DeliveryConditions): Iterable<readonly Pick<Delivery, 'seq'>[]> =>
    rising(rangeOf(conditions), { numbers: SEQS_PER_STEP, rows: SEQS_PER_STEP }, (range, most) =>
      connection.db
        .select({ seq })
        .from(webhookDeliveries)
        .innerJoin(jobs, eq(jobs.seq, webhookDeliveries.jobSeq))
        .where(matches(conditions, range))
        .orderBy(asc(seq))
        .limit(most)
        .all(),
    )
}

export const prepareLookBackAtMessages = (connection: Connection) => {
  const rangeOf = prepareRange(connection)
  const lookBack = prepareLookBack(connection, 'webhook_deliveries')

  return (numbers: number, before?: number) => lookBack(numbers, rangeOf({ before }))
}
