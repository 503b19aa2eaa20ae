import { describeDelivery, outlineOfDelivery } from '@foreman/job-view'
import type { JobRecord } from '@foreman/store'
import { type Request, type Response, Router } from 'express'
import { whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { onlyFor } from '../http/only-for.ts'
import { problem } from '../http/refusal.ts'
import { jsonArray, sendJsonParts } from '../http/send-json-parts.ts'
import { sendJson } from '../http/send-json.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { noteIntervention } from './intervention.ts'

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

  const findJob = ({ params }: JobRequest, response: Response): Promise<JobRecord> =>
    presenter.find(params.id, whoOf(response))

  /** Describes deliveries of a job as whoever asks may see them. */
  const describer = (job: JobRecord, response: Response): typeof describeDelivery => {
    const isOutline = presenter.look(job, whoOf(response)) !== 'everything'
    return isOutline ? (...stored) => outlineOfDelivery(describeDelivery(...stored)) : describeDelivery
  }

  const findDelivery = async (request: DeliveryRequest, response: Response) => {
    const [job, delivery] = await Promise.all([
      findJob(request, response),
      deliveries.byId(request.params.delivery),
    ])
    if (delivery?.jobSeq === job.seq) return { job, delivery }
    throw problem(404, 'delivery_not_found', `job ${job.id} has no delivery ${request.params.delivery}`)
  }

  const describeSteps = async function* (
    jobSeq: number,
    describe: typeof describeDelivery,
  ): AsyncGenerator<string[], void> {
    for await (const step of deliveries.ofJob(jobSeq)) {
      const found = await deliveries.attempts(step.map(({ seq }) => seq))
      const attempts = Map.groupBy(found, ({ deliverySeq }) => deliverySeq)
      yield step.map(delivery => JSON.stringify(describe(delivery, attempts.get(delivery.seq) ?? [])))
    }
  }

  const listJson = async function* (
    jobSeq: number,
    describe: typeof describeDelivery,
  ): AsyncGenerator<string, void> {
    yield '{"deliveries":'
    yield* jsonArray(describeSteps(jobSeq, describe))
    yield '}'
  }

  const list = async (request: JobRequest, response: Response): Promise<void> => {
    const job = await findJob(request, response)
    const json = listJson(job.seq, describer(job, response))
    await sendJsonParts(response, json, { status: 200, stallMs })
  }

  const read = async (request: DeliveryRequest, response: Response): Promise<void> => {
    const { job, delivery } = await findDelivery(request, response)
    const describe = describer(job, response)
    sendJson(response, 200, describe(delivery, await deliveries.attempts([delivery.seq])))
  }

  const redeliver = async (request: DeliveryRequest, response: Response): Promise<void> => {
    const { job, delivery } = await findDelivery(request, response)
    const at = now()
    await whenWritable(() => deliveries.redeliver(delivery, at))
    await noteIntervention({ store, now }, 'redeliver', job, whoOf(response))
    const redelivered = (await deliveries.byId(delivery.id)) ?? delivery
    const describe = describer(job, response)
    sendJson(response, 202, describe(redelivered, await deliveries.attempts([redelivered.seq])))
  }

  router.route('/jobs/:id/deliveries').get(list).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery').get(read).all(onlyFor('GET'))
  router.route('/jobs/:id/deliveries/:delivery/redeliver').post(redeliver).all(onlyFor('POST'))
  return router
}
