import type { QueueYou } from '@foreman/jobs'
import { type RequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { only } from '../access/ensure-operator.ts'
import { ownerListedFor, whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { onlyFor } from '../http/only-for.ts'
import { problem } from '../http/refusal.ts'
import { validate } from '../http/validate.ts'
import { streamQueue } from './queue-stream.ts'
import { dateTime, duration, SNAPSHOT_FIELDS } from './schemas.ts'

export type OverviewContext = Pick<
  Context,
  'overview' | 'identities' | 'dashboard' | 'stopping' | 'patience' | 'now'
>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MINUTE_MS = 60_000
/** More steps than a chart has pixels are of no use. */
const MAX_STEPS = 2_000

/** The routes that show the queue. */
export const overviewRoutes = (context: OverviewContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  const get = (path: string, ...handlers: RequestHandler[]) =>
    router
      .route(path)
      .get(...handlers)
      .all(onlyFor('GET'))
  const viewer = only('viewer')
  get('/queue', showQueue(context))
  get('/queue/events', watchQueue(context))
  get('/queue/you', showYou(context))
  get('/queue/system', viewer, showSystem(context))
  get('/queue/timeline', viewer, showTime('timeline', context))
  get('/queue/arrival-order', viewer, showTime('arrivalOrder', context))
  get('/queue/history', viewer, showHistory(context))
  get('/queue/models', viewer, showModels(context))
  return router
}

const showQueue =
  ({ overview }: OverviewContext): RequestHandler =>
  async (request, response) => {
    const { fields } = validate(QueueQuery, request.query)
    const has = request.headers['if-none-match']
    const caller = ownerListedFor(whoOf(response))
    const { etag, body } = await overview.snapshot({ caller, fields, has })
    if (response.destroyed) return
    response.vary('Authorization')
    const headers = { ETag: etag, 'Cache-Control': 'no-cache' }
    if (body) send(response, body, headers)
    else response.writeHead(304, headers).end()
  }

const watchQueue =
  (context: OverviewContext): RequestHandler =>
  (_request, response) =>
    streamQueue(ownerListedFor(whoOf(response)), response, context)

const showYou =
  ({ identities, dashboard }: OverviewContext): RequestHandler =>
  (_request, response) => {
    const { caller: name, role } = whoOf(response)
    const you: QueueYou = {
      name,
      role,
      has_tokens: identities.length > 0,
      ...(dashboard !== 'off' && { dashboard }),
    }
    response.vary('Authorization')
    send(response, Buffer.from(JSON.stringify(you)))
  }

const showTime =
  (question: 'timeline' | 'arrivalOrder', { overview, now }: OverviewContext): RequestHandler =>
  async (request, response) => {
    const { from, until } = validate(TimeQuery, request.query)
    const end = until ?? now()
    send(response, await overview.ask(question, rangeOf(from ?? end - HOUR_MS, end)))
  }

const showHistory =
  ({ overview, now }: OverviewContext): RequestHandler =>
  async (request, response) => {
    const { from, until, step } = validate(TimeQuery.extend({ step: duration.optional() }), request.query)
    const end = until ?? now()
    const range = rangeOf(from ?? end - DAY_MS, end)
    const stepMs = Math.max(MINUTE_MS, Math.floor((step ?? MINUTE_MS) / MINUTE_MS) * MINUTE_MS)
    if ((range.until - range.from) / stepMs > MAX_STEPS)
      throw problem(422, 'invalid_request', `a time with more than ${MAX_STEPS} steps needs a longer step`)
    send(response, await overview.ask('history', { ...range, stepMs }))
  }

const showSystem =
  ({ overview }: OverviewContext): RequestHandler =>
  async (_request, response) =>
    send(response, await overview.system())

const showModels =
  ({ overview }: OverviewContext): RequestHandler =>
  async (_request, response) => {
    send(response, await overview.ask('models'))
  }

const QueueQuery = z.strictObject({
  fields: z
    .string()
    .transform(text => text.split(',').map(name => name.trim()))
    .pipe(z.array(z.enum(SNAPSHOT_FIELDS)))
    .optional(),
})

const TimeQuery = z.strictObject({ from: dateTime.optional(), until: dateTime.optional() })

const rangeOf = (from: number, until: number): { readonly from: number; readonly until: number } => {
  if (from >= until) throw problem(422, 'invalid_request', '`from` must come before `until`')
  return { from, until }
}

const send = (response: Response, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): void => {
  if (response.destroyed) return
  response.writeHead(200, {
    'Cache-Control': 'no-cache',
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': body.byteLength,
  })
  response.end(body)
}
