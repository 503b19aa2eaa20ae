import type { Connection } from '../connection.ts'
import { and, asc, eq, lte, sql } from '../drizzle.ts'
import { webhookDeliveries } from '../schema.ts'
import { type Delivery, deliveryColumns, isPending } from './delivery.ts'

export const prepareHosts = ({ sqlite }: Connection) => {
  // A loose scan of the index `webhook_deliveries_due`: two look-ups for each host, however many messages wait for it.
  const select = sqlite.prepare(
    `WITH RECURSIVE hosts(host) AS (
         SELECT min(host) FROM webhook_deliveries WHERE state = 'pending'
         UNION ALL
         SELECT (SELECT min(host) FROM webhook_deliveries WHERE state = 'pending' AND host > hosts.host)
         FROM hosts WHERE hosts.host IS NOT NULL)
       SELECT host, (SELECT min(next_attempt_at) FROM webhook_deliveries
                     WHERE state = 'pending' AND host = hosts.host) AS nextAttemptAt
       FROM hosts WHERE host IS NOT NULL`,
  )

  return (): { host: string; nextAttemptAt: number }[] =>
    select.all() as { host: string; nextAttemptAt: number }[]
}

export const prepareDue = ({ db }: Connection) => {
  const select = db
    .select({ ...deliveryColumns, body: webhookDeliveries.body })
    .from(webhookDeliveries)
    .where(
      and(
        isPending,
        eq(webhookDeliveries.host, sql.placeholder('host')),
        lte(webhookDeliveries.nextAttemptAt, sql.placeholder('now')),
      ),
    )
    .orderBy(asc(webhookDeliveries.nextAttemptAt), asc(webhookDeliveries.seq))
    .limit(sql.placeholder('limit'))
    .prepare()

  return (host: string, now: number, limit: number): (Delivery & { body: string })[] =>
    select.all({ host, now, limit })
}
