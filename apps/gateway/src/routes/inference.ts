import {
  canonicalModelName,
  type GeneratingEndpoint,
  generatingEndpoint,
  type GenerationRequest,
  isCloudModel,
  loadOptionsOf,
  loadSignature,
  readGenerationRequest,
} from '@foreman/ollama-client'
import type { JobRef, Store } from '@foreman/store'
import type { RequestHandler } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { decodedBody } from '../decoded-body.ts'
import type { Followers } from '../followers.ts'
import { forwardedHeaders, jobHeaders } from '../headers.ts'
import type { Logger } from '../logger.ts'
import { callerLeaves, passOn } from '../pass-on.ts'
import { readBody } from '../read-body.ts'
import { type Patience, relay } from '../relay.ts'
import { requestPath } from '../request-path.ts'
import type { Room } from '../room.ts'
import type { Target } from '../target.ts'
import type { Seat, WaitingRoom } from '../waiting-room.ts'
import { eventually, whenWritable } from '../when-writable.ts'

export interface InferenceOptions {
  readonly store: Store
  readonly target: Target
  readonly followers: Followers
  readonly room: Room
  readonly waitingRoom: WaitingRoom
  readonly patience: Patience
  readonly logger: Logger
  readonly now: () => number
  readonly maxBodyBytes: number
  readonly jobTtlMs: number
  readonly syncTtlMs: number
  /** Aborted when the gateway's time is up: whoever still waits is told so. */
  readonly cutOff: AbortSignal
  /** Throws a Refusal when jobs cannot be taken for a reason of the whole installation. */
  readonly demandWorkingLocks: () => void
}

/** A generating call becomes a job, and its caller gets the job's answer; what cannot become one is the target's to refuse. */
export const inference = (options: InferenceOptions): RequestHandler => {
  const { store, target, room, logger, now } = options

  /** Passed to the target as it came: an unload, a model that runs elsewhere, or what only the target can refuse. */
  const passDirectly = async (request: IncomingMessage, body: Buffer, signal: AbortSignal) =>
    target.open('POST', requestPath(request).raw, forwardedHeaders(request), body, signal)

  const enqueue = async (
    request: IncomingMessage,
    body: Buffer,
    generation: GenerationRequest,
    endpoint: GeneratingEndpoint,
  ): Promise<JobRef> => {
    options.demandWorkingLocks()
    room.demand()
    const { model } = generation
    const modelName = canonicalModelName(model) ?? model
    const loadOptions = loadOptionsOf(generation)
    const job = {
      path: requestPath(request).raw,
      endpoint: endpoint.path,
      model,
      modelName,
      loadOptions: JSON.stringify(loadOptions),
      groupKey: loadSignature({ model, ...loadOptions, ...store.catalogue.model(modelName)?.loading }),
      streams: comesInPieces(generation),
      headers: jobHeaders(request),
      body,
    }
    return whenWritable(() => store.together('full', () => store.submissions.enqueue(job, now())))
  }

  const answer = async (
    job: JobRef,
    response: ServerResponse,
    endpoint: GeneratingEndpoint,
    generation: GenerationRequest,
    seat: Seat,
  ) => {
    const { followers, patience, cutOff, jobTtlMs, syncTtlMs } = options
    const inPieces = comesInPieces(generation)
    const how = { store, followers, endpoint, inPieces, patience, cutOff, onWaiting: seat.sit }
    const end = await relay(job, response, how)
    logger.debug({ job: job.id, end }, 'caller served')
    if (end === 'cut_off') return
    const note =
      end === 'left'
        ? () => store.together('full', () => store.submissions.cancel(job, now(), jobTtlMs))
        : () => store.together('normal', () => store.submissions.delivered(job, now() + syncTtlMs))
    await eventually(note, logger)
  }

  return async (request, response, next) => {
    const endpoint = generatingEndpoint(request.method, requestPath(request).decoded)
    if (!endpoint) return next()
    const body = await readBody(request, options.maxBodyBytes)
    const readable = await decodedBody(body, request.headers['content-encoding'], endpoint.dialect)
    const generation = readGenerationRequest(readable, endpoint)
    const signal = callerLeaves(response)
    if (!generation) return passOn(await passDirectly(request, body, signal), response)
    const lane = await laneOf(generation, options)
    if (lane === 'direct') return passOn(await passDirectly(request, body, signal), response)
    if (lane === 'refused') {
      const exchange = await passDirectly(request, body, signal)
      if (exchange.status >= 400) return passOn(exchange, response)
      // It has come to know the model in this very moment. The request takes its turn like any other.
      exchange.body.destroy()
    }
    const seat = options.waitingRoom.enter()
    try {
      const job = await enqueue(request, body, generation, endpoint)
      // A caller that left while its job was written is a leaver like any other: `relay` sees it.
      await answer(job, response, endpoint, generation, seat)
    } finally {
      seat.sit(false)
    }
  }
}

/** A load is answered by one object, whatever was asked. */
const comesInPieces = ({ stream, isLoad }: GenerationRequest): boolean => stream && !isLoad

const laneOf = async (
  { model, isUnload }: GenerationRequest,
  { store, target }: InferenceOptions,
): Promise<'queue' | 'direct' | 'refused'> => {
  // It takes memory from nobody, and waits for nobody.
  if (isUnload || isCloudModel(model)) return 'direct'
  const name = canonicalModelName(model)
  const known = name === undefined ? undefined : store.catalogue.model(name)
  if (known) return known.remote ? 'direct' : 'queue'
  return (await target.verdictOn(model)) === 'refused' ? 'refused' : 'queue'
}
