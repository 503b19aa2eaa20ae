import type { RequestHeaders } from './headers.ts'
import { NativeRequest } from './native-request.ts'

export interface JsonCall {
  /** The server's base URL. */
  readonly url: URL
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: RequestHeaders
  readonly body: Uint8Array | undefined
  readonly signal: AbortSignal | undefined
}

export interface JsonReply {
  readonly status: number
  readonly statusMessage: string
  readonly text: string
}

/**
 * Sends an ordinary call and reads its answer as text, whatever the status. Unlike the raw exchange, it is for requests
 * and answers that fit into memory and that are not relayed.
 *
 * @throws ConnectionError when no complete answer comes
 * @throws the signal's reason when aborted
 */
export const callJson = async ({ signal, ...call }: JsonCall): Promise<JsonReply> => {
  signal?.throwIfAborted()
  // got is loaded with the first call. A process that only relays never needs it, and starts faster without it.
  const { default: got } = await import('got')
  const native = new NativeRequest(call.url, call)
  try {
    const response = await got(call.url.origin, {
      // got sends the request that NativeRequest makes. Its own would change the case of header names and add headers.
      request: () => native.send('fresh', () => native.destroy()),
      method: call.method,
      ...(call.body ? { body: call.body } : {}),
      ...(signal ? { signal } : {}),
      // Only the caller knows whether it may repeat a call, because a call can load a model or generate.
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
    })
    return { status: response.statusCode, statusMessage: response.statusMessage ?? '', text: response.body }
  } catch (error) {
    signal?.throwIfAborted()
    throw native.failure(error as Error)
  } finally {
    native.destroy()
  }
}
