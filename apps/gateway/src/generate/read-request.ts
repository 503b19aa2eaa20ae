import {
  type GeneratingEndpoint,
  type GenerationRequest,
  readGenerationRequest,
} from '@foreman/ollama-client'
import type { HeaderPairs, IdempotencyKey } from '@foreman/store'
import type { IncomingMessage } from 'node:http'
import { decodedBody } from '../http/decoded-body.ts'
import { jobHeaders } from '../http/headers.ts'
import { idempotencyOf } from '../http/idempotency-key.ts'
import { finishesOnDisconnect } from '../http/on-disconnect.ts'
import { preferencesOf } from '../http/prefer.ts'
import { readBody } from '../http/read-body.ts'
import { requestPath } from '../http/request-path.ts'

/** A request that can become a job. */
export interface QueueableRequest {
  readonly endpoint: GeneratingEndpoint
  /** Path and query as sent. */
  readonly path: string
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly generation: GenerationRequest
  readonly idempotency: IdempotencyKey | undefined
  /** The request asks for a streaming answer. */
  readonly streaming: boolean
  /** The caller does not wait for the answer (`Prefer: respond-async`). */
  readonly isBackground: boolean
  /** The job runs to its end when its caller leaves. */
  readonly outlivesCaller: boolean
}

export interface ReadRequest {
  readonly body: Buffer
  /** Undefined when only the target can answer: the request is an unload, or one that the target will refuse. */
  readonly queueable: QueueableRequest | undefined
}

export interface ReadRequestOptions {
  readonly endpoint: GeneratingEndpoint
  readonly maxBodyBytes: number
}

/**
 * Reads a generating request.
 *
 * @throws Refusal when the body is too large or too slow, or when a header that foreman reads has a wrong value
 * @throws HalfSentError when the caller leaves before it has sent the whole body
 */
export const readRequest = async (
  request: IncomingMessage,
  { endpoint, maxBodyBytes }: ReadRequestOptions,
): Promise<ReadRequest> => {
  const body = await readBody(request, maxBodyBytes)
  const decoded = await decodedBody(body, request.headers['content-encoding'], endpoint.dialect)
  const generation = readGenerationRequest(decoded, endpoint)
  // An unload frees memory and needs no turn.
  if (!generation || generation.isUnload) return { body, queueable: undefined }
  const { raw: path } = requestPath(request)
  const { respondAsync: isBackground } = preferencesOf(request)
  const idempotency = idempotencyOf(request, path, body)
  const outlivesCaller = finishesOnDisconnect(request) || idempotency !== undefined
  const headers = jobHeaders(request)
  const streaming = isStreaming(generation)
  const queueable = { endpoint, path, headers, body, generation, idempotency, streaming, isBackground }
  return { body, queueable: { ...queueable, outlivesCaller } }
}

/** The target answers a request that only loads the model with one object, even if a stream was asked for. */
const isStreaming = ({ stream, isLoad }: GenerationRequest): boolean => stream && !isLoad
