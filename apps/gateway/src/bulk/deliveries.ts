import type { Delivery, DeliveryConditions, ListedDelivery } from '@foreman/store'
import type { RequestHandler } from 'express'
import { type Who, whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { sendJsonParts } from '../http/send-json-parts.ts'
import { validate } from '../http/validate.ts'
import { whenAvailable } from '../http/when-available.ts'
import { whoseAndWhen } from '../jobs/conditions.ts'
import { pageJson, seqOfCursor } from '../jobs/page-json.ts'
import { DeliveryQuery, type DeliveryFilter } from '../jobs/schemas.ts'
import { afterLast } from './after-last.ts'
import type { Task } from './operations.ts'

export type DeliveriesContext = Pick<Context, 'store' | 'presenter' | 'patience' | 'now'>

/** How far back one page looks. No index finds messages by their state or host, and each is read with its body. */
const MAX_LOOKED_AT = 10_000

/** How many messages are made pending in one commit. */
const MESSAGES_AT_ONCE = 50

/** `GET /deliveries`: a page of the webhook messages of all jobs that somebody may see, the newest first. */
export const listDeliveries =
  ({ store, presenter, patience: { stallMs } }: DeliveriesContext): RequestHandler =>
  async (request, response) => {
    const { deliveries } = store
    const { limit, before: cursor, state, ...filter } = validate(DeliveryQuery, request.query)
    const who = whoOf(response)
    const conditions = conditionsOf(filter, who)
    const before = seqOfCursor(cursor)
    const end = await whenAvailable(() => deliveries.lookBack(MAX_LOOKED_AT, before))
    const meant = { ...conditions, state, before, from: end?.seq, limit: limit + 1 }
    const steps = conditions ? deliveries.list(meant) : []
    const describe = presenter.deliveries(who)
    const listed = async function* (pages: AsyncIterable<readonly ListedDelivery[]>) {
      for await (const page of pages) {
        const found = await deliveries.attempts(page.map(({ seq }) => seq))
        const attempts = Map.groupBy(found, ({ deliverySeq }) => deliverySeq)
        yield page.map(each => {
          const shown = describe(each, attempts.get(each.seq) ?? [])
          return JSON.stringify({ ...shown, job: each.jobId, caller: each.caller })
        })
      }
    }
    const json = pageJson(steps, { name: 'deliveries', next: 'next_before', limit, end, listed })
    await sendJsonParts(response, json, { status: 200, stallMs })
  }

/** Which messages somebody means. Undefined: those of somebody else. */
const conditionsOf = (
  { host, ...asked }: Omit<DeliveryFilter, 'state'>,
  who: Who,
): DeliveryConditions | undefined => {
  const owned = whoseAndWhen(asked, who)
  return owned && { ...owned, host }
}

/** Sends the dead messages of a filter again. Messages that are written later are none of them. */
export const redeliveryTask = async (
  { store: { deliveries }, now }: DeliveriesContext,
  filter: DeliveryFilter,
  who: Who,
): Promise<Task<Pick<Delivery, 'seq'>>> => {
  const conditions = conditionsOf(filter, who)
  const before = await afterLast(deliveries)
  const left = async function* () {
    if (conditions) yield* deliveries.refs({ ...conditions, before, state: 'dead' })
  }
  return {
    action: 'redeliver',
    subject: 'deliveries',
    detail: { filter },
    atOnce: MESSAGES_AT_ONCE,
    left,
    act: async delivery => {
      await deliveries.redeliver(delivery, now())
      return true
    },
  }
}
