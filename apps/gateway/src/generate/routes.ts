import { generatingEndpoint, type GeneratingEndpoint } from '@foreman/ollama-client'
import type { RequestHandler, Response } from 'express'
import type { IncomingMessage } from 'node:http'
import { whoOf } from '../access/roles.ts'
import { senderOf } from '../access/sender.ts'
import { showWaitOf } from '../access/show-wait.ts'
import type { Context } from '../context.ts'
import { openForward, relayExchange } from '../direct/forward.ts'
import type { TargetRefusal } from '../direct/target.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { leaveWhenHalfClosed } from '../http/half-closed.ts'
import { writeRelayedHead } from '../http/headers.ts'
import { priorityOf } from '../http/priority.ts'
import { withBody } from '../http/read-body.ts'
import { requestPath } from '../http/request-path.ts'
import { earlyRefusal } from '../intake/early-refusal.ts'
import type { JobDraft } from '../intake/job-draft.ts'
import { jobFactsOf } from '../intake/job-facts.ts'
import { factsOfModel, type ModelFacts } from '../intake/model-place.ts'
import { laneFor } from './lane.ts'
import { type QueueableRequest, readRequest } from './read-request.ts'
import { submitAndWait, type WaitContext } from './submit-and-wait.ts'
import { type SendAnswer, submit, type SubmitContext } from './submit.ts'

export type GenerateContext = SubmitContext &
  WaitContext &
  Pick<Context, 'target' | 'bodyMemory' | 'maxBodyBytes' | 'sharing' | 'showWait'>

/** The routes on which the target generates. A request becomes a job, and its caller gets the answer of the job. */
export const generateRoutes =
  (context: GenerateContext): RequestHandler =>
  async (request, response, next) => {
    const endpoint = generatingEndpoint(requestPath(request).decoded, request.method)
    if (!endpoint) return next()
    const limits = { maxBytes: context.maxBodyBytes, memory: context.bodyMemory }
    const sendAnswer = await withBody(request, limits, body =>
      accept(request, response, { endpoint, body, context }),
    )
    await sendAnswer()
  }

interface Arrived {
  readonly endpoint: GeneratingEndpoint
  readonly body: Buffer
  readonly context: GenerateContext
}

/** Makes a job of a request, or passes the request on to the target. */
const accept = async (
  request: IncomingMessage,
  response: Response,
  arrived: Arrived,
): Promise<SendAnswer> => {
  const { endpoint, body, context } = arrived
  const queueable = await readRequest(request, endpoint, body)
  if (!queueable) return forwardNow(request, response, arrived)
  const model = await factsOfModel(queueable.generation.model, context)
  const lane = laneFor(model, queueable)
  if (lane === 'direct') return forwardNow(request, response, arrived)
  if (lane === 'target_decides') {
    const refusal = await refusalOf(queueable, { model, response, context })
    if (refusal) return async () => sendRefusal(refusal, response)
  }
  const { isBackground, streaming, asked, outlivesCaller, answersInText } = queueable
  const { caller, priority } = whoOf(response)
  const { user } = queueable.generation
  const draft = {
    ...toDraft(queueable, caller),
    ...senderOf(request, { caller, user }, context.sharing),
    priority: priorityOf(request, priority),
  }
  const place = showWaitOf(request, caller, context.showWait)
  const shownWait = place === 'off' ? undefined : endpoint.showsWait[place]
  return isBackground
    ? submit(draft, response, context)
    : submitAndWait(draft, response, {
        ...context,
        endpoint,
        streaming,
        asked,
        shownWait,
        outlivesCaller,
        answersInText,
      })
}

// A function of its own: what it returns must not keep the body of the request in memory.
const forwardNow = async (
  request: IncomingMessage,
  response: Response,
  { endpoint: { path }, body, context: { target } }: Arrived,
): Promise<SendAnswer> => {
  leaveWhenHalfClosed(response)
  const exchange = await openForward(request, { target, body, signal: callerLeftSignal(response) })
  return () => relayExchange(exchange, response, path)
}

interface Refusing {
  readonly model: ModelFacts
  readonly response: Response
  readonly context: GenerateContext
}

/** The target's refusal; undefined when the request takes its turn. A request that is replayed is not refused. */
const refusalOf = async (
  { generation, path, headers, body, idempotency }: QueueableRequest,
  { model, response, context }: Refusing,
): Promise<TargetRefusal | undefined> => {
  const signal = callerLeftSignal(response)
  if (await context.intake.isKnown(whoOf(response).caller, idempotency)) return undefined
  const suspect = { demands: generation, model: generation.model, place: model.place }
  return earlyRefusal({ ...suspect, path, headers, body, signal }, context)
}

const sendRefusal = (refusal: TargetRefusal, response: Response): void => {
  writeRelayedHead(response, refusal)
  response.end(refusal.body)
}

const toDraft = (queueable: QueueableRequest, caller: string): Omit<JobDraft, 'priority'> => {
  const { path, endpoint, generation, headers, body, streaming, isBackground, idempotency, requestHash } =
    queueable
  return {
    ...jobFactsOf(path, endpoint, generation),
    headers,
    body,
    streaming: streaming && !isBackground,
    caller,
    idempotency,
    requestHash,
  }
}
