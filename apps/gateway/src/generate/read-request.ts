import { formPieces, type GeneratingEndpoint, type GenerationRequest } from '@foreman/ollama-client'
import type { HeaderPairs, IdempotencyKey } from '@foreman/store'
import type { IncomingMessage } from 'node:http'
import type { Asked } from '../answer/caller-response.ts'
import { jobHeaders } from '../http/headers.ts'
import { idempotencyOf, requestHash } from '../http/idempotency-key.ts'
import { finishesOnDisconnect } from '../http/on-disconnect.ts'
import { preferencesOf } from '../http/prefer.ts'
import { requestPath } from '../http/request-path.ts'
import { inSlices } from '../http/slices.ts'
import { readGeneration } from '../intake/read-generation.ts'

/** A request that can become a job. */
export interface QueueableRequest {
  readonly endpoint: GeneratingEndpoint
  /** Path and query as sent. */
  readonly path: string
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly generation: GenerationRequest
  /** What the heartbeats take from the request. */
  readonly asked: Asked
  readonly idempotency: IdempotencyKey | undefined
  /** By which a repetition is recognised, if the caller leaves while the job waits. Undefined: the job goes on without it. */
  readonly requestHash: Buffer | undefined
  /** The request asks for a streaming answer. */
  readonly streaming: boolean
  /** The caller does not wait for the answer (`Prefer: respond-async`). */
  readonly isBackground: boolean
  /** The job runs to its end when its caller leaves. */
  readonly outlivesCaller: boolean
  /** The answer will be a text. */
  readonly answersInText: boolean
}

/**
 * Reads a generating request.
 *
 * @returns undefined when only the target can answer: the request is an unload, or one that the target will refuse
 * @throws Refusal when only the target could read the body, or when a header that foreman reads has a wrong value
 */
export const readRequest = async (
  request: IncomingMessage,
  endpoint: GeneratingEndpoint,
  body: Buffer,
): Promise<QueueableRequest | undefined> => {
  const { raw: path } = requestPath(request)
  const headers = jobHeaders(request)
  const generation = await readGeneration({ path, headers, body }, endpoint)
  // An unload frees memory and needs no turn.
  if (!generation || generation.isUnload) return undefined
  const { respondAsync: isBackground } = preferencesOf(request)
  const repeated = await repeatedPart(request, endpoint, body)
  const idempotency = await inSlices(idempotencyOf(request, path, repeated))
  const outlivesCaller = finishesOnDisconnect(request) || idempotency !== undefined
  const keepsPlace = !outlivesCaller && !isBackground
  const hash = keepsPlace ? await inSlices(requestHash(path, body)) : undefined
  const streaming = isStreaming(generation)
  const asked = { model: generation.model, headers: request.headers }
  const queueable = { endpoint, path, headers, body, generation, asked, idempotency, streaming, isBackground }
  return { ...queueable, requestHash: hash, outlivesCaller, answersInText: generation.answersInText }
}

/** What a repetition of a request has too: of a form, all but the boundary, which programs choose anew each time. */
const repeatedPart = async (
  { headers }: Pick<IncomingMessage, 'headers'>,
  { request }: GeneratingEndpoint,
  body: Buffer,
): Promise<Buffer | readonly Buffer[]> =>
  request === 'form' && 'idempotency-key' in headers ? formPieces(headers['content-type'] ?? '', body) : body

/** The target answers a request that only loads the model with one object, even if a stream was asked for. */
const isStreaming = ({ stream, isLoad }: GenerationRequest): boolean => stream && !isLoad
