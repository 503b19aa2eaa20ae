import { checkAnswer, type Exchange, generatingEndpoint, routeAt, untilEnded } from '@foreman/ollama-client'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { endEarly } from '../http/end-early.ts'
import { forwardedHeaders, writeRelayedHead } from '../http/headers.ts'
import { requestPath } from '../http/request-path.ts'
import { breakOffSoon, sendHeadNow } from '../http/send-head.ts'
import type { Target } from './target.ts'

export interface ForwardOptions {
  readonly target: Pick<Target, 'open'>
  readonly body: Buffer | Readable | undefined
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal
}

/**
 * Sends a request to the target, past the queue, and relays the answer as it comes.
 *
 * @throws Refusal with 502 when the target cannot be reached
 * @throws CallerLeftError when the caller leaves before the target answers
 */
export const forward = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: ForwardOptions,
): Promise<void> => relayExchange(await openForward(request, options), response, requestPath(request).decoded)

/** The first half of `forward`, for those who look at the target's status before they relay it. */
export const openForward = async (
  request: IncomingMessage,
  { target, body, signal }: ForwardOptions,
): Promise<Exchange> => {
  const { raw } = requestPath(request)
  const method = request.method ?? 'GET'
  return target.open({ method, path: raw, headers: forwardedHeaders(request), body, signal })
}

/**
 * The second half of `forward`. When the target or the caller breaks off, the other is disconnected.
 *
 * @param path decoded and without its query
 * @throws Refusal with 502 when the target's head is one that HTTP cannot carry
 */
export const relayExchange = async (
  exchange: Exchange,
  response: ServerResponse,
  path: string,
): Promise<void> => {
  try {
    writeRelayedHead(response, exchange)
    sendHeadNow(response)
    await pipeline(bodyOf(exchange, path), response, { end: false })
    endEarly(response.req, response)
  } catch (error) {
    if (!response.headersSent) throw error
    // The status has been sent. Only a broken connection can still tell the caller that the answer is incomplete.
    breakOffSoon(response)
  } finally {
    exchange.body.destroy()
  }
}

/** A non-streaming reply is whole when its JSON is. */
const JSON_REPLY = { isLastPiece: () => false, saysDone: false, mayBeText: false } as const

/** The body of an answer. Where foreman knows the last piece of an answer, what the connection does behind it does not matter. */
const bodyOf = ({ headers, body }: Exchange, path: string): AsyncIterable<Buffer> => {
  const route = routeAt(path)
  // With a `Content-Length`, the caller waits for exactly so many bytes.
  const hasLength = headers.some(([name]) => name.toLowerCase() === 'content-length')
  if (hasLength || (route?.kind !== 'embedding' && route?.kind !== 'generating')) return body
  return untilEnded(body, checkAnswer(headers, generatingEndpoint(path) ?? JSON_REPLY))
}
