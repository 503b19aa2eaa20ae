import { END_TURN, type QueueState, priorities, type SubjectKind } from '@foreman/jobs'
import { canonicalModelName } from '@foreman/ollama-client'
import type { HoldKind, NewHold } from '@foreman/store'
import { type Request, type Response, Router } from 'express'
import type { z } from 'zod'
import { only } from '../access/ensure-operator.ts'
import { whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { MAX_ORDER_BYTES, parseJson } from '../http/json-body.ts'
import { refuseOthers, refuseUndecodable } from '../http/no-route.ts'
import { onlyFor } from '../http/only-for.ts'
import { withBody } from '../http/read-body.ts'
import { problem } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'
import { validate } from '../http/validate.ts'
import { factsOfModel } from '../intake/model-place.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { operationJson } from './operation-json.ts'
import { CloseRequest, HoldRequest, OperationQuery, PauseRequest, StepRequest } from './schemas.ts'
import { queueState } from './state.ts'
import { readUntil } from './until.ts'

export type SteeringContext = Pick<
  Context,
  'store' | 'target' | 'closure' | 'overview' | 'identities' | 'sharing' | 'bodyMemory' | 'now'
>

/** More jobs whose deadlines pass are not counted. */
const MAX_COUNTED = 100_000
const HOLD_ID = /^hold_[0-9a-f]{32}$/

/** The routes with which operators step in. Each answers with the new state. */
export const steeringRoutes = (context: SteeringContext): Router => {
  const { store, closure, overview, now } = context
  const router = Router({ caseSensitive: true, strict: true })

  const stateNow = async (): Promise<QueueState> => queueState(await store.holds.list(now()))

  const answer = async (response: Response, more: Partial<QueueState> = {}): Promise<void> => {
    closure.forget()
    await overview.forget()
    sendJson(response, 200, { ...(await stateNow()), ...more })
  }

  const read = async <Schema extends z.ZodType>(
    request: Request,
    schema: Schema,
  ): Promise<z.output<Schema>> => {
    const limits = { maxBytes: MAX_ORDER_BYTES, memory: context.bodyMemory }
    return validate(schema, await withBody(request, limits, async body => parse(body)))
  }

  const set = async (hold: Omit<NewHold, 'by'>, response: Response): Promise<void> => {
    const { caller: by } = whoOf(response)
    await whenWritable(() => store.holds.set({ ...hold, by }, now()))
  }

  const pause = async (request: Request, response: Response): Promise<void> => {
    const { release: releases, unload: unloads, reason, ...rest } = await read(request, PauseRequest)
    const until = readUntil(rest.until, now())
    await set({ kind: 'pause', until, reason, releases, unloads }, response)
    const deadlines = until && (await store.records.deadlinesUntil(until, MAX_COUNTED))
    await answer(response, deadlines === undefined ? {} : { deadlines_passing: deadlines })
  }

  const close = async (request: Request, response: Response): Promise<void> => {
    const { until, reason } = await read(request, CloseRequest)
    await set({ kind: 'close', until: readUntil(until, now()), reason }, response)
    await answer(response)
  }

  const end =
    (kind: HoldKind) =>
    async (request: Request, response: Response): Promise<void> => {
      const { reason } = await read(request, StepRequest)
      const { caller: by } = whoOf(response)
      await whenWritable(() => store.holds.release({ kind }, { by, reason }, now()))
      await answer(response)
    }

  const endTurn = async (request: Request, response: Response): Promise<void> => {
    const { reason } = await read(request, StepRequest)
    const { caller: by } = whoOf(response)
    await whenWritable(() => store.operations.ask({ by, action: END_TURN, reason }, now()))
    await answer(response)
  }

  const hold = async (request: Request, response: Response): Promise<void> => {
    const { kind, until, reason, ...named } = await read(request, HoldRequest)
    const subject = await subjectOf(kind, named.subject, context)
    await set({ kind, subject, until: readUntil(until, now()), reason }, response)
    await answer(response)
  }

  const release = async ({ params }: Request<{ id: string }>, response: Response): Promise<void> => {
    const { id } = params
    if (!HOLD_ID.test(id)) throw problem(404, 'hold_not_found', `${id} is no id of a hold`)
    const { caller: by } = whoOf(response)
    await whenWritable(() => store.holds.release({ id }, { by }, now()))
    await answer(response)
  }

  const listOperations = async ({ query }: Request, response: Response): Promise<void> => {
    const { before, limit } = validate(OperationQuery, query)
    const operations = await store.operations.list({ before, limit })
    const last = operations.length < limit ? undefined : operations.at(-1)
    sendJson(response, 200, { operations: operations.map(operationJson), next_before: last?.id ?? null })
  }

  const listHolds = async (_request: Request, response: Response): Promise<void> =>
    sendJson(response, 200, await stateNow())

  const [operator, viewer] = [only('operator'), only('viewer')]
  router.post('/queue/pause', operator, pause)
  router.post('/queue/resume', operator, end('pause'))
  router.post('/queue/close', operator, close)
  router.post('/queue/open', operator, end('close'))
  router.post('/queue/turn/end', operator, endTurn)
  for (const path of ['pause', 'resume', 'close', 'open', 'turn/end'])
    router.all(`/queue/${path}`, onlyFor('POST'))
  router.route('/queue/holds').get(viewer, listHolds).post(operator, hold).all(onlyFor('GET, POST'))
  router.route('/queue/holds/:id').delete(operator, release).all(onlyFor('DELETE'))
  router.route('/queue/operations').get(viewer, listOperations).all(onlyFor('GET'))
  router.use('/queue', refuseOthers)
  router.use(refuseUndecodable)
  return router
}

/** @throws Refusal with 400. No body is an empty object. */
const parse = (body: Buffer): unknown => (body.byteLength === 0 ? {} : parseJson(body))

/**
 * The subject of a hold as the queue knows it.
 *
 * @throws Refusal when there is no such model, priority or caller
 */
const subjectOf = async (
  kind: SubjectKind,
  subject: string,
  { store, target, identities, sharing }: SteeringContext,
): Promise<string> => {
  switch (kind) {
    case 'model':
    case 'open_model': {
      const name = canonicalModelName(subject)
      const isKnown =
        name !== undefined && (await factsOfModel(subject, { store, target })).place !== 'refused'
      if (!isKnown) throw problem(404, 'model_not_found', `model '${subject}' not found`)
      return name
    }
    case 'priority':
    case 'open_priority':
      if (priorities.some(priority => priority === subject)) return subject
      throw invalidSubject(`must be one of ${priorities.join(', ')}`)
    case 'caller':
      if (identities.length === 0)
        throw invalidSubject('no callers are told apart without tokens (FOREMAN_TOKENS)')
      if (sharing.by === 'off')
        throw invalidSubject('the queue tells no callers apart with FOREMAN_SHARE_BY=off')
      if (identities.some(({ caller, role }) => caller === subject && role !== 'viewer')) return subject
      throw invalidSubject('must be the name of a caller in FOREMAN_TOKENS')
  }
}

const invalidSubject = (message: string) =>
  problem(422, 'invalid_request', `/subject: ${message}`, { errors: [{ pointer: '/subject', message }] })
