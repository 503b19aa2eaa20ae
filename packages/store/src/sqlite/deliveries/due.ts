import type { Backlog, DueDelivery } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, atMost, eq, given, lte } from '../drizzle.ts'
import { webhookDeliveries } from '../schema.ts'
import { deliveryColumns, isPending } from './delivery.ts'

type Key = Pick<Backlog, 'host' | 'caller'>

export const prepareBacklogs = ({ sqlite }: Connection) => {
  // A loose scan of the index `webhook_deliveries_due`: it jumps from the first message of a backlog to the first
  // message of the next one, however many messages each has.
  const pending = `FROM webhook_deliveries WHERE state = 'pending'`
  const next = (host: string, caller: string) =>
    `SELECT coalesce(
       (SELECT seq ${pending} AND host = ${host} AND caller > ${caller}
        ORDER BY caller, next_attempt_at, seq LIMIT 1),
       (SELECT seq ${pending} AND host > ${host} ORDER BY host, caller, next_attempt_at, seq LIMIT 1))`
  const select = sqlite.prepare(
    `WITH RECURSIVE firsts(seq) AS (
         ${next('+@host', '+@caller')}
         UNION ALL
         ${next('last.host', 'last.caller')}
         FROM firsts JOIN webhook_deliveries AS last ON last.seq = firsts.seq
         LIMIT +@limit)
       SELECT delivery.host AS host, delivery.caller AS caller, delivery.next_attempt_at AS nextAttemptAt,
         delivery.failures AS failures
       FROM firsts JOIN webhook_deliveries AS delivery ON delivery.seq = firsts.seq`,
  )

  // The worker asks after each commit, and usually no message is pending. The scan costs twenty times as much as this.
  const selectAny = sqlite.prepare(`SELECT 1 ${pending} LIMIT 1`).pluck()

  return ({ after, limit }: { readonly after: Key | undefined; readonly limit: number }): Backlog[] =>
    selectAny.get() === undefined
      ? []
      : (select.all({ host: after?.host ?? '', caller: after?.caller ?? '', limit }) as Backlog[])
}

export const prepareDue = ({ db }: Connection) => {
  const select = db
    .select({ ...deliveryColumns, body: webhookDeliveries.body })
    .from(webhookDeliveries)
    .where(
      and(
        isPending,
        eq(webhookDeliveries.host, given('host')),
        eq(webhookDeliveries.caller, given('caller')),
        lte(webhookDeliveries.nextAttemptAt, given('now')),
      ),
    )
    .orderBy(asc(webhookDeliveries.nextAttemptAt), asc(webhookDeliveries.seq))
    .limit(atMost(given('limit')))
    .prepare()

  return (asked: Key & { readonly now: number; readonly limit: number }): DueDelivery[] =>
    select.all({ ...asked })
}
