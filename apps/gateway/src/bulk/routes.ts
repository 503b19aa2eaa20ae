import { type RequestHandler, type Response, Router } from 'express'
import { ensureOperator, only } from '../access/ensure-operator.ts'
import { whoOf } from '../access/roles.ts'
import { viewersRead } from '../access/viewers-read.ts'
import type { Context } from '../context.ts'
import { readOrder } from '../http/json-body.ts'
import { refuseOthers, refuseUndecodable } from '../http/no-route.ts'
import { onlyFor } from '../http/only-for.ts'
import { problem } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'
import { whenAvailable } from '../http/when-available.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { JobAction, Redelivery } from '../jobs/schemas.ts'
import { operationJson } from '../steering/operation-json.ts'
import { type DeliveriesContext, listDeliveries, redeliveryTask } from './deliveries.ts'
import { jobTask, type JobTaskContext } from './job-task.ts'
import type { Order, Task } from './operations.ts'

export type BulkContext = JobTaskContext & DeliveriesContext & Pick<Context, 'operations' | 'overview'>

/** The routes of operations on many jobs and webhook messages, and the list of all messages. */
export const bulkRoutes = (context: BulkContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  router.use(viewersRead)
  router.route('/jobs/actions').post(actOnJobs(context)).all(onlyFor('POST'))
  router.route('/deliveries').get(listDeliveries(context)).all(onlyFor('GET'))
  router.route('/deliveries/receivers').get(only('viewer'), listReceivers(context)).all(onlyFor('GET'))
  router.route('/deliveries/redeliver').post(redeliver(context)).all(onlyFor('POST'))
  router
    .route('/queue/operations/:operation')
    .get(readOperation(context))
    .delete(stopOperation(context))
    .all(onlyFor('GET, DELETE'))
  router.use(['/deliveries', '/queue/operations'], refuseOthers)
  router.use(refuseUndecodable)
  return router
}

/** `POST /jobs/actions`: cancels, repeats or changes the jobs of a filter. */
const actOnJobs =
  (context: BulkContext): RequestHandler =>
  async (request, response) => {
    const who = whoOf(response)
    if (who.role === 'operator') ensureOperator(who, request.headers)
    const order = await readOrder(request, JobAction, context.bodyMemory)
    await carryOut(context, await jobTask(context, order, who), order, response)
  }

/** `POST /deliveries/redeliver`: sends the dead messages of a filter again. */
const redeliver =
  (context: BulkContext): RequestHandler =>
  async (request, response) => {
    const who = whoOf(response)
    ensureOperator(who, request.headers)
    const order = await readOrder(request, Redelivery, context.bodyMemory)
    await carryOut(context, await redeliveryTask(context, order.filter, who), order, response)
  }

/** `GET /deliveries/receivers`: the hosts that webhooks go to. */
const listReceivers =
  ({ overview }: BulkContext): RequestHandler =>
  async (_request, response) =>
    sendJson(response, 200, await overview.ask('receivers'))

/** Counts a task, or begins it and answers with the operation. */
const carryOut = async (
  { operations, store }: BulkContext,
  task: Task,
  order: Order & { readonly dry_run?: boolean | undefined },
  response: Response,
): Promise<void> => {
  if (order.dry_run) return sendJson(response, 200, { matched: await operations.count(task) })
  const id = await operations.begin(task, order, whoOf(response).caller)
  const begun = await whenAvailable(() => store.operations.byId(id))
  response.setHeader('Location', `/queue/operations/${id}`)
  sendJson(response, 202, operationJson(begun!))
}

type OfOperation = { readonly operation: string }

/** `GET /queue/operations/:operation` */
const readOperation =
  (context: BulkContext): RequestHandler<OfOperation> =>
  async ({ params }, response) =>
    sendJson(response, 200, operationJson(await findOperation(context, params, response)))

/** `DELETE /queue/operations/:operation`: stops it. One that has ended stays as it is. */
const stopOperation =
  (context: BulkContext): RequestHandler<OfOperation> =>
  async ({ params, headers }, response) => {
    const { store, now } = context
    const who = whoOf(response)
    const { id } = await findOperation(context, params, response)
    if (who.role === 'operator') ensureOperator(who, headers)
    await whenWritable(() => store.operations.requestStop(id, now()))
    sendJson(response, 200, operationJson(await findOperation(context, params, response)))
  }

/** @throws Refusal with 404 when there is no such operation, or when it is another caller's */
const findOperation = async ({ store }: BulkContext, { operation }: OfOperation, response: Response) => {
  const { role, caller } = whoOf(response)
  const id = /^\d{1,15}$/.test(operation) ? Number(operation) : undefined
  const found = id === undefined ? undefined : await whenAvailable(() => store.operations.byId(id))
  if (found && (role !== 'caller' || found.by === caller)) return found
  throw problem(404, 'operation_not_found', `there is no operation ${operation}`)
}
