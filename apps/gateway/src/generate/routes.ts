import { generatingEndpoint } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { callerOf } from '../access/tokens.ts'
import type { Context } from '../context.ts'
import { forward, type ForwardOptions, openForward, relayExchange } from '../direct/forward.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { requestPath } from '../http/request-path.ts'
import type { JobDraft } from '../intake/intake.ts'
import { jobFactsOf } from '../intake/job-facts.ts'
import { placeOfModel } from '../intake/model-place.ts'
import { type Lane, laneFor } from './lane.ts'
import { type QueueableRequest, readRequest } from './read-request.ts'
import { submitAndWait, type WaitContext } from './submit-and-wait.ts'
import { submit, type SubmitContext } from './submit.ts'

export type GenerateContext = SubmitContext & WaitContext & Pick<Context, 'target' | 'maxBodyBytes'>

/** The routes on which the target generates. A request becomes a job, and its caller gets the answer of the job. */
export const generateRoutes =
  (context: GenerateContext): RequestHandler =>
  async (request, response, next) => {
    const endpoint = generatingEndpoint(requestPath(request).decoded, request.method)
    if (!endpoint) return next()
    const { body, queueable } = await readRequest(request, { endpoint, maxBodyBytes: context.maxBodyBytes })
    const direct = { target: context.target, body, signal: callerLeftSignal(response) }
    const lane = await decideLane(queueable, context)
    if (!queueable || lane === 'direct') return forward(request, response, direct)
    if (lane === 'target_decides' && (await forwardIfRefused(request, response, direct))) return
    const draft = toDraft(queueable, callerOf(response))
    if (queueable.isBackground) await submit(draft, response, context)
    else await submitAndWait(draft, response, { ...context, ...queueable })
  }

const decideLane = async (
  queueable: QueueableRequest | undefined,
  context: Pick<Context, 'store' | 'target'>,
): Promise<Lane> =>
  queueable ? laneFor(await placeOfModel(queueable.generation.model, context), queueable) : 'direct'

/**
 * Lets the target refuse a request itself, in its own words.
 *
 * @returns false when it does not refuse: it has just learned of the model, so the request takes its turn
 */
const forwardIfRefused = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: ForwardOptions,
): Promise<boolean> => {
  const exchange = await openForward(request, options)
  if (exchange.status < 400) {
    exchange.body.destroy()
    return false
  }
  await relayExchange(exchange, response)
  return true
}

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
