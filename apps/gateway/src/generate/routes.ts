import { generatingEndpoint, type GeneratingEndpoint } from '@foreman/ollama-client'
import type { RequestHandler, Response } from 'express'
import type { IncomingMessage } from 'node:http'
import { callerOf } from '../access/tokens.ts'
import type { Context } from '../context.ts'
import { openForward, relayExchange } from '../direct/forward.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { withBody } from '../http/read-body.ts'
import { requestPath } from '../http/request-path.ts'
import type { JobDraft } from '../intake/intake.ts'
import { jobFactsOf } from '../intake/job-facts.ts'
import { placeOfModel } from '../intake/model-place.ts'
import { type Lane, laneFor } from './lane.ts'
import { type QueueableRequest, readRequest } from './read-request.ts'
import { submitAndWait, type WaitContext } from './submit-and-wait.ts'
import { type SendAnswer, submit, type SubmitContext } from './submit.ts'

export type GenerateContext = SubmitContext &
  WaitContext &
  Pick<Context, 'target' | 'bodyMemory' | 'maxBodyBytes'>

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
  { endpoint, body, context }: Arrived,
): Promise<SendAnswer> => {
  const queueable = await readRequest(request, endpoint, body)
  const lane = await decideLane(queueable, context)
  if (!queueable || lane !== 'queue') {
    const direct = { target: context.target, body, signal: callerLeftSignal(response) }
    const exchange = await openForward(request, direct)
    // A target that does not refuse has just learned of the model, so the request takes its turn.
    const isTurnNeeded = queueable && lane === 'target_decides' && exchange.status < 400
    if (!isTurnNeeded) return () => relayExchange(exchange, response, endpoint.path)
    exchange.body.destroy()
  }
  const { isBackground, streaming, asked, outlivesCaller, answersInText } = queueable
  const draft = toDraft(queueable, callerOf(response))
  return isBackground
    ? submit(draft, response, context)
    : submitAndWait(draft, response, {
        ...context,
        endpoint,
        streaming,
        asked,
        outlivesCaller,
        answersInText,
      })
}

const decideLane = async (
  queueable: QueueableRequest | undefined,
  context: Pick<Context, 'store' | 'target'>,
): Promise<Lane> =>
  queueable ? laneFor(await placeOfModel(queueable.generation.model, context), queueable) : 'direct'

const toDraft = (queueable: QueueableRequest, caller: string): JobDraft => {
  const { path, endpoint, generation, headers, body, streaming, isBackground, idempotency } = queueable
  return {
    ...jobFactsOf(path, endpoint, generation),
    headers,
    body,
    streaming: streaming && !isBackground,
    caller,
    priority: 'normal',
    idempotency,
  }
}
