import type { DeliveryState, WebhookEvent } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, asc, eq, inArray, lte, sql } from '../drizzle.ts'
import { goneReceivers, webhookAttempts, webhookDeliveries } from '../schema.ts'

/** A message on its way. */
export interface Delivery {
  readonly seq: number
  /** The `webhook-id`. */
  readonly id: string
  readonly jobSeq: number
  readonly event: WebhookEvent
  readonly url: string
  readonly host: string
  readonly state: DeliveryState
  /** Attempts that failed since it was last handed in. */
  readonly failures: number
  readonly nextAttemptAt: number | null
  readonly createdAt: number
  readonly finishedAt: number | null
}

/** One time that a message was sent. */
export interface DeliveryAttempt {
  readonly at: number
  readonly durationMs: number
  readonly status: number | null
  readonly error: string | null
  readonly response: string | null
}

/** What comes of an attempt. `gone`: nothing more goes to this URL. */
export type DeliveryResult =
  | { readonly kind: 'delivered' | 'dead' | 'gone' }
  | { readonly kind: 'again'; readonly nextAttemptAt: number }

/** The verbs of who sends messages and of those who look at them. */
export const deliveries = (connection: Connection) => {
  const { db } = connection
  const columns = {
    seq: webhookDeliveries.seq,
    id: webhookDeliveries.id,
    jobSeq: webhookDeliveries.jobSeq,
    event: webhookDeliveries.event,
    url: webhookDeliveries.url,
    host: webhookDeliveries.host,
    state: webhookDeliveries.state,
    failures: webhookDeliveries.failures,
    nextAttemptAt: webhookDeliveries.nextAttemptAt,
    createdAt: webhookDeliveries.createdAt,
    finishedAt: webhookDeliveries.finishedAt,
  }
  const isPending = eq(webhookDeliveries.state, sql`'pending'`)
  // A loose scan of the index `webhook_deliveries_due`: two look-ups a host, however many messages wait for each.
  const selectHosts = connection.sqlite.prepare(
    `WITH RECURSIVE hosts(host) AS (
         SELECT min(host) FROM webhook_deliveries WHERE state = 'pending'
         UNION ALL
         SELECT (SELECT min(host) FROM webhook_deliveries WHERE state = 'pending' AND host > hosts.host)
         FROM hosts WHERE hosts.host IS NOT NULL)
       SELECT host, (SELECT min(next_attempt_at) FROM webhook_deliveries
                     WHERE state = 'pending' AND host = hosts.host) AS nextAttemptAt
       FROM hosts WHERE host IS NOT NULL`,
  )
  const selectDue = db
    .select({ ...columns, body: webhookDeliveries.body })
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
  const selectById = db
    .select(columns)
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.id, sql.placeholder('id')))
    .prepare()
  const selectOfJob = db
    .select(columns)
    .from(webhookDeliveries)
    .where(eq(webhookDeliveries.jobSeq, sql.placeholder('jobSeq')))
    .orderBy(asc(webhookDeliveries.seq))
    .prepare()
  const postpone = db
    .update(webhookDeliveries)
    .set({
      failures: sql`${webhookDeliveries.failures} + 1`,
      nextAttemptAt: sql`${sql.placeholder('nextAttemptAt')}`,
    })
    .where(and(isPending, eq(webhookDeliveries.seq, sql.placeholder('seq'))))
    .prepare()
  const end = db
    .update(webhookDeliveries)
    .set({
      state: sql`${sql.placeholder('state')}`,
      nextAttemptAt: null,
      finishedAt: sql`${sql.placeholder('now')}`,
    })
    .where(and(isPending, eq(webhookDeliveries.seq, sql.placeholder('seq'))))
    .prepare()
  const endAllOfUrl = db
    .update(webhookDeliveries)
    .set({ state: 'dead', nextAttemptAt: null, finishedAt: sql`${sql.placeholder('now')}` })
    .where(and(isPending, eq(webhookDeliveries.url, sql.placeholder('url'))))
    .prepare()
  const noteGone = db
    .insert(goneReceivers)
    .values({ url: sql.placeholder('url'), since: sql.placeholder('now') })
    .onConflictDoUpdate({ target: goneReceivers.url, set: { since: sql`excluded.since` } })
    .prepare()
  const insertAttempt = db
    .insert(webhookAttempts)
    .values({
      deliverySeq: sql.placeholder('deliverySeq'),
      at: sql.placeholder('at'),
      durationMs: sql.placeholder('durationMs'),
      status: sql.placeholder('status'),
      error: sql.placeholder('error'),
      response: sql.placeholder('response'),
    })
    .prepare()
  const handInAgain = db
    .update(webhookDeliveries)
    .set({
      state: 'pending',
      failures: 0,
      nextAttemptAt: sql`${sql.placeholder('now')}`,
      finishedAt: null,
    })
    .where(eq(webhookDeliveries.seq, sql.placeholder('seq')))
    .prepare()

  return {
    /** The hosts that messages wait for, and when the first of each is due. */
    hosts: (): { host: string; nextAttemptAt: number }[] =>
      selectHosts.all() as { host: string; nextAttemptAt: number }[],

    /** Messages for a host whose time has come, in the order in which they are due. */
    due: (host: string, now: number, limit: number): (Delivery & { body: string })[] =>
      selectDue.all({ host, now, limit }),

    /** Keeps what came of an attempt. What has ended meanwhile stays as it is. */
    record: (
      delivery: Pick<Delivery, 'seq' | 'id' | 'url'>,
      attempt: DeliveryAttempt,
      result: DeliveryResult,
      now: number,
    ): void => {
      connection.write('normal', () => {
        // Pruned while it was under way.
        if (!selectById.get({ id: delivery.id })) return
        insertAttempt.run({ deliverySeq: delivery.seq, ...attempt })
        if (result.kind === 'again') {
          postpone.run({ seq: delivery.seq, nextAttemptAt: result.nextAttemptAt })
        } else if (result.kind === 'gone') {
          noteGone.run({ url: delivery.url, now })
          endAllOfUrl.run({ url: delivery.url, now })
        } else end.run({ seq: delivery.seq, state: result.kind, now })
      })
    },

    byId: (id: string): Delivery | undefined => selectById.get({ id }),

    /** In the order in which they were written. */
    ofJob: (jobSeq: number): Delivery[] => selectOfJob.all({ jobSeq }),

    /** The attempts at these messages, oldest first. */
    attempts: (seqs: readonly number[]): (DeliveryAttempt & { deliverySeq: number })[] =>
      db
        .select()
        .from(webhookAttempts)
        .where(inArray(webhookAttempts.deliverySeq, [...seqs]))
        .orderBy(asc(webhookAttempts.seq))
        .all(),

    /** Sends a message again, under its old id, from the beginning of the schedule. */
    redeliver: ({ seq }: Pick<Delivery, 'seq'>, now: number): void => {
      connection.write('full', () => handInAgain.run({ seq, now }))
    },
  }
}
