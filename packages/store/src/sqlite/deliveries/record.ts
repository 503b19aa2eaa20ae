import { TALLIES } from '../../counting/tallies.ts'
import type { Delivery, DeliveryAttempt, DeliveryResult } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, sql, value } from '../drizzle.ts'
import { prepareAddTally } from '../history/add.ts'
import { goneReceivers, webhookAttempts, webhookDeliveries } from '../schema.ts'
import { isPending } from './delivery.ts'
import { prepareById } from './read.ts'

interface Recorded {
  readonly delivery: Pick<Delivery, 'seq' | 'id' | 'url' | 'caller'>
  readonly attempt: DeliveryAttempt
  readonly result: DeliveryResult
  readonly now: number
}

const isPendingOfSeq = and(isPending, eq(webhookDeliveries.seq, given('seq')))

/** Records an attempt at a message, and counts it. The caller opens the transaction. */
export const prepareRecord = (connection: Connection) => {
  const byId = prepareById(connection)
  const insertAttempt = prepareInsertAttempt(connection)
  const selectAttempt = connection.db
    .select({ seq: webhookAttempts.seq })
    .from(webhookAttempts)
    .where(and(eq(webhookAttempts.deliverySeq, given('deliverySeq')), eq(webhookAttempts.at, given('at'))))
    .prepare()
  const postpone = preparePostpone(connection)
  const end = prepareEnd(connection)
  const markGone = prepareMarkGone(connection)
  const addTally = prepareAddTally(connection.sqlite)
  const count = (name: string, result: string, by: number, at: number): void => {
    if (by > 0) addTally({ name, labels: JSON.stringify({ result }), part: '', by, at })
  }

  return ({ delivery, attempt, result, now }: Recorded): void => {
    const { seq } = delivery
    // The delivery may have been deleted during the attempt, and a repeated call finds its attempt recorded.
    if (!byId(delivery.id) || selectAttempt.get({ deliverySeq: seq, at: attempt.at })) return
    insertAttempt.run({ deliverySeq: seq, ...attempt })
    count(TALLIES.webhookAttempts, result.kind, 1, now)
    if (result.kind === 'again') postpone.run({ seq, nextAttemptAt: result.nextAttemptAt, now })
    else if (result.kind === 'gone') count(TALLIES.webhooksFinished, 'dead', markGone(delivery, now), now)
    else count(TALLIES.webhooksFinished, result.kind, end.run({ seq, state: result.kind, now }).changes, now)
  }
}

const prepareInsertAttempt = ({ db }: Connection) =>
  db
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

const preparePostpone = ({ db }: Connection) =>
  db
    .update(webhookDeliveries)
    .set({
      failures: sql`${webhookDeliveries.failures} + 1`,
      nextAttemptAt: value('nextAttemptAt'),
      scheduledAt: value('now'),
    })
    .where(isPendingOfSeq)
    .prepare()

const prepareEnd = ({ db }: Connection) =>
  db
    .update(webhookDeliveries)
    .set({ state: value('state'), nextAttemptAt: null, finishedAt: value('now') })
    .where(isPendingOfSeq)
    .prepare()

/** Ends all pending messages of a caller to a URL, and notes that the receiver is gone for that caller. @returns how many ended */
const prepareMarkGone = ({ db }: Connection) => {
  const insertGone = db
    .insert(goneReceivers)
    .values({
      caller: sql.placeholder('caller'),
      url: sql.placeholder('url'),
      since: sql.placeholder('now'),
      lastJobSeq: sql`(SELECT max(seq) FROM jobs)`,
    })
    .onConflictDoUpdate({
      target: [goneReceivers.caller, goneReceivers.url],
      set: { since: sql`excluded.since`, lastJobSeq: sql`excluded.last_job_seq` },
    })
    .prepare()
  const endAllOfUrl = db
    .update(webhookDeliveries)
    .set({ state: 'dead', nextAttemptAt: null, finishedAt: value('now') })
    .where(
      and(isPending, eq(webhookDeliveries.url, given('url')), eq(webhookDeliveries.caller, given('caller'))),
    )
    .prepare()

  return ({ url, caller }: Pick<Delivery, 'url' | 'caller'>, now: number): number => {
    insertGone.run({ caller, url, now })
    return endAllOfUrl.run({ caller, url, now }).changes
  }
}
