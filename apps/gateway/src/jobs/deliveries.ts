import { describeDelivery } from '@foreman/job-view'
import type { Delivery, JobRecord } from '@foreman/store'
import { type Request, type Response, Router } from 'express'
import { callerOf } from '../access/tokens.ts'
import type { Context } from '../context.ts'
import { onlyFor } from '../http/only-for.ts'
import { problem } from '../http/refusal.ts'
import { jsonArray, sendJsonParts } from '../http/send-json-parts.ts'
import { sendJson } from '../http/send-json.ts'
import { whenWritable } from '../intake/when-writable.ts'

export type DeliveriesContext = Pick<Context, 'store' | 'viewer' | 'patience' | 'now'>

type JobRequest = Request<{ id: string }>
type DeliveryRequest = Request<{ id: string; delivery: string }>

/** The routes that show the webhooks of a job, and send one again. */
export const deliveryRoutes = ({ store, viewer, patience: { stallMs }, now }: DeliveriesContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  const { deliveries } = store

  const describe = (delivery: Delivery) => describeDelivery(delivery, deliveries.attempts([delivery.seq]))

  const findJob = ({ params }: JobRequest, response: Response): JobRecord =>
    viewer.find(params.id, callerOf(response))

  const findDelivery = (request: DeliveryRequest, response: Response): Delivery => {
    const job = findJob(request, response)
    const delivery = deliveries.byId(request.params.delivery)
    if (delivery?.jobSeq === job.seq) return delivery
    throw problem(404, 'delivery_not_found', `job ${job.id} has no delivery ${request.params.delivery}`)
  }

  const describeSteps = function* (jobSeq: number): Generator<string[], void> {
    for (const step of deliveries.ofJobInSteps(jobSeq)) {
      const attempts = Map.groupBy(
        deliveries.attempts(step.map(({ seq }) => seq)),
        ({ deliverySeq }) => deliverySeq,
      )
      yield step.map(delivery => JSON.stringify(describeDelivery(delivery, attempts.get(delivery.seq) ?? [])))
    }
  }

  const listJson = function* (jobSeq: number): Generator<string, void> {
    yield '{"deliveries":'
    yield* jsonArray(describeSteps(jobSeq))
    yield '}'
  }

  const list = (request: JobRequest, response: Response): Promise<void> =>
    sendJsonParts(response, listJson(findJob(request, response).seq), { status: 200, stallMs })

  const read = (request: DeliveryRequest, response: Response): void =>
    sendJson(response, 200, describe(findDelivery(request, response)))

  const redeliver = async (request: DeliveryRequest, response: Response): Promise<void> => {
    const delivery = findDelivery(request, response)
    await whenWritable(() => store.together('full', () => deliveries.redeliver(delivery, now())))
    sendJson(response, 202, describe(deliveries.byId(delivery.id) ?? delivery))
  }

  router.route('/jobs/:id/deliveries').get(list).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery').get(read).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery/redeliver').post(redeliver).all(onlyFor('POST'))
  return router
}
