import { describeDelivery } from '@foreman/job-view'
import type { Delivery, JobRecord, Store } from '@foreman/store'
import { type Request, type Response, Router } from 'express'
import { onlyFor } from '../http/only-for.ts'
import { problem } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'
import { whenWritable } from '../intake/when-writable.ts'

export interface DeliveriesOptions {
  readonly store: Store
  readonly now: () => number
  /** @throws Refusal when the caller may not see the job, or there is none */
  readonly find: (request: Request<{ id: string }>, response: Response) => JobRecord
}

type Message = Request<{ id: string; delivery: string }>

/** What became of a job's webhooks. */
export const deliveryRoutes = ({ store, now, find }: DeliveriesOptions): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  const { deliveries } = store

  const describe = (delivery: Delivery) => describeDelivery(delivery, deliveries.attempts([delivery.seq]))

  const findDelivery = (request: Message, response: Response): Delivery => {
    const job = find(request, response)
    const delivery = deliveries.byId(request.params.delivery)
    if (delivery?.jobSeq === job.seq) return delivery
    throw problem(404, 'delivery_not_found', `job ${job.id} has no delivery ${request.params.delivery}`)
  }

  const list = (request: Request<{ id: string }>, response: Response): void => {
    const all = deliveries.ofJob(find(request, response).seq)
    const attempts = deliveries.attempts(all.map(({ seq }) => seq))
    sendJson(response, 200, {
      deliveries: all.map(delivery =>
        describeDelivery(
          delivery,
          attempts.filter(({ deliverySeq }) => deliverySeq === delivery.seq),
        ),
      ),
    })
  }

  const read = (request: Message, response: Response): void =>
    sendJson(response, 200, describe(findDelivery(request, response)))

  const redeliver = async (request: Message, response: Response): Promise<void> => {
    const delivery = findDelivery(request, response)
    await whenWritable(() => store.together('full', () => deliveries.redeliver(delivery, now())))
    sendJson(response, 202, describe(deliveries.byId(delivery.id) ?? delivery))
  }

  router.route('/jobs/:id/deliveries').get(list).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery').get(read).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery/redeliver').post(redeliver).all(onlyFor('POST'))
  return router
}
