import type { Exchange } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { relayedHeaders } from '../http/headers.ts'

/** Sends what the target answers to the caller as it comes. When either breaks off, so does the other. */
export const passOn = async (
  exchange: Exchange,
  response: ServerResponse,
  added: HeaderPairs = [],
): Promise<void> => {
  response.writeHead(exchange.status, exchange.statusMessage, relayedHeaders(exchange.headers, added))
  response.flushHeaders()
  try {
    await pipeline(exchange.body, response)
  } catch {
    // The status is out: only a connection that breaks off can say that the answer is not whole.
    response.destroy()
  }
}

/** Aborted when the caller leaves before its answer is whole. */
export const callerLeaves = (response: ServerResponse): AbortSignal => {
  const controller = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the caller left'))
  })
  return controller.signal
}
