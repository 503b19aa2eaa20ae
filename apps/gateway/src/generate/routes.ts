import {
  type GeneratingEndpoint,
  generatingEndpoint,
  type GenerationRequest,
  readGenerationRequest,
} from '@foreman/ollama-client'
import type { Store, Submitted } from '@foreman/store'
import type { RequestHandler } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { callerOf } from '../access/tokens.ts'
import type { Followers } from '../answer/log-followers.ts'
import { type Patience, relay } from '../answer/relay.ts'
import { forward, openForward, relayExchange } from '../direct/forward.ts'
import type { Target } from '../direct/target.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { decodedBody } from '../http/decoded-body.ts'
import { jobHeaders } from '../http/headers.ts'
import { idempotencyOf } from '../http/idempotency-key.ts'
import { preferencesOf } from '../http/prefer.ts'
import { readBody } from '../http/read-body.ts'
import { Refusal } from '../http/refusal.ts'
import { requestPath } from '../http/request-path.ts'
import type { Intake, JobDraft } from '../intake/intake.ts'
import { jobFactsOf } from '../intake/job-facts.ts'
import { placeOfModel } from '../intake/model-place.ts'
import type { WaitingCallers, WaitingSlot } from '../intake/waiting-callers.ts'
import { untilWritten } from '../intake/when-writable.ts'
import type { JobViewer } from '../jobs/viewer.ts'
import type { Logger } from '../logger.ts'

export interface InferenceOptions {
  readonly store: Store
  readonly target: Target
  readonly intake: Intake
  readonly viewer: JobViewer
  readonly followers: Followers
  readonly waitingCallers: WaitingCallers
  readonly patience: Patience
  readonly logger: Logger
  readonly now: () => number
  readonly maxBodyBytes: number
  readonly jobTtlMs: number
  readonly syncTtlMs: number
  /** Aborted when the gateway's time is up: whoever still waits is told so. */
  readonly cutOff: AbortSignal
}

/** A generating call becomes a job, and its caller gets the job's answer; what cannot become one is the target's to refuse. */
export const inference = (options: InferenceOptions): RequestHandler => {
  const { store, target, intake, viewer, logger, now } = options

  const answer = async (
    job: Submitted,
    response: ServerResponse,
    endpoint: GeneratingEndpoint,
    generation: GenerationRequest,
    { slot, finishesAlone }: { slot: WaitingSlot; finishesAlone: boolean },
  ) => {
    const { followers, patience, cutOff, jobTtlMs, syncTtlMs } = options
    const inPieces = comesInPieces(generation)
    const how = { store, followers, endpoint, inPieces, patience, cutOff, onWaiting: slot.setWaiting }
    const end = await relay(job, response, how)
    logger.debug({ job: job.id, end }, 'caller served')
    if (end === 'delivered') {
      const note = () => store.submissions.delivered(job, now() + syncTtlMs)
      await untilWritten(() => store.together('normal', note), logger)
    }
    if (end === 'left' && !finishesAlone) {
      const cancel = () => store.submissions.cancel(job, now(), jobTtlMs)
      await untilWritten(() => store.together('full', cancel), logger)
    }
  }

  return async (request, response, next) => {
    const { raw, decoded } = requestPath(request)
    const endpoint = generatingEndpoint(decoded, request.method)
    if (!endpoint) return next()
    const body = await readBody(request, options.maxBodyBytes)
    const readable = await decodedBody(body, request.headers['content-encoding'], endpoint.dialect)
    const generation = readGenerationRequest(readable, endpoint)
    const direct = { target, body, signal: callerLeftSignal(response) }
    // An unload takes memory from nobody, and waits for nobody.
    if (!generation || generation.isUnload) return forward(request, response, direct)
    const { respondAsync } = preferencesOf(request)
    const idempotency = idempotencyOf(request, raw, body)
    const finishesAlone = finishes(request) || idempotency !== undefined
    const place = await placeOfModel(generation.model, options)
    if (place === 'remote' && !respondAsync && !finishesAlone) return forward(request, response, direct)
    if (place === 'refused') {
      const exchange = await openForward(request, direct)
      if (exchange.status >= 400) return relayExchange(exchange, response)
      // It has come to know the model in this very moment. The request takes its turn like any other.
      exchange.body.destroy()
    }
    const job: JobDraft = {
      ...jobFactsOf(raw, endpoint, generation),
      headers: jobHeaders(request),
      body,
      streaming: !respondAsync && comesInPieces(generation),
      caller: callerOf(response),
      priority: 'normal',
      idempotency,
    }
    if (respondAsync) {
      const submitted = await intake.submit(job, { isKnown: await intake.isKnown(job.caller, idempotency) })
      response.setHeader('Preference-Applied', 'respond-async')
      return viewer.accepted(submitted, response)
    }
    const slot = options.waitingCallers.enter()
    try {
      const submitted = await intake.enqueue(job)
      if (submitted.isReplayed) response.setHeader('Idempotency-Replayed', 'true')
      // A caller that left while its job was written is a leaver like any other: `relay` sees it.
      await answer(submitted, response, endpoint, generation, { slot, finishesAlone })
    } finally {
      slot.setWaiting(false)
    }
  }
}

/** A load is answered by one object, whatever was asked. */
const comesInPieces = ({ stream, isLoad }: GenerationRequest): boolean => stream && !isLoad

/** Whether the job is to run to its end although its caller leaves. @throws Refusal with 400 for another word */
const finishes = ({ headers }: IncomingMessage): boolean => {
  const wish = headers['x-foreman-on-disconnect']
  if (wish !== undefined && wish !== 'finish' && wish !== 'cancel')
    throw new Refusal(400, 'X-Foreman-On-Disconnect must be finish or cancel')
  return wish === 'finish'
}
