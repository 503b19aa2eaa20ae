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

export type DeliveriesContext = Pick<Context, 'store' | 'presenter' | 'patience' | 'now'>

type JobRequest = Request<{ id: string }>
type DeliveryRequest = Request<{ id: string; delivery: string }>

/** The routes that show the webhooks of a job, and send one again. */
export const deliveryRoutes = ({
  store,
  presenter,
  patience: { stallMs },
  now,
}: DeliveriesContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  const { deliveries } = store

  const describe = async (delivery: Delivery) =>
    describeDelivery(delivery, await deliveries.attempts([delivery.seq]))

  const findJob = ({ params }: JobRequest, response: Response): Promise<JobRecord> =>
    presenter.find(params.id, callerOf(response))

  const findDelivery = async (request: DeliveryRequest, response: Response): Promise<Delivery> => {
    const [job, delivery] = await Promise.all([
      findJob(request, response),
      deliveries.byId(request.params.delivery),
    ])
    if (delivery?.jobSeq === job.seq) return delivery
    throw problem(404, 'delivery_not_found', `job ${job.id} has no delivery ${request.params.delivery}`)
  }

  const describeSteps = async function* (jobSeq: number): AsyncGenerator<string[], void> {
    for await (const step of deliveries.ofJob(jobSeq)) {
      const found = await deliveries.attempts(step.map(({ seq }) => seq))
      const attempts = Map.groupBy(found, ({ deliverySeq }) => deliverySeq)
      yield step.map(delivery => JSON.stringify(describeDelivery(delivery, attempts.get(delivery.seq) ?? [])))
    }
  }

  const listJson = async function* (jobSeq: number): AsyncGenerator<string, void> {
    yield '{"deliveries":'
    yield* jsonArray(describeSteps(jobSeq))
    yield '}'
  }

  const list = async (request: JobRequest, response: Response): Promise<void> => {
    const { seq } = await findJob(request, response)
    await sendJsonParts(response, listJson(seq), { status: 200, stallMs })
  }

  const read = async (request: DeliveryRequest, response: Response): Promise<void> => {
    const delivery = await findDelivery(request, response)
    sendJson(response, 200, await describe(delivery))
  }

  const redeliver = async (request: DeliveryRequest, response: Response): Promise<void> => {
    const delivery = await findDelivery(request, response)
    const at = now()
    await whenWritable(() => deliveries.redeliver(delivery, at))
    const redelivered = (await deliveries.byId(delivery.id)) ?? delivery
    sendJson(response, 202, await describe(redelivered))
  }

  router.route('/jobs/:id/deliveries').get(list).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery').get(read).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery/redeliver').post(redeliver).all(onlyFor('POST'))
  return router
}
