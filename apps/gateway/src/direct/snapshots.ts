import type { Exchange } from '@foreman/ollama-client'
import type { Snapshot } from '@foreman/store'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { relayedHeaders } from '../http/headers.ts'
import { requestPath } from '../http/request-path.ts'
import { type ForwardOptions, openForward, relayExchange } from './forward.ts'

export interface SnapshotOptions extends ForwardOptions {
  readonly snapshot: Snapshot
  readonly now: () => number
}

/** How long the gateway waits for the target's own answer before it sends the snapshot. */
const SNAPSHOT_PATIENCE_MS = 3_000

/** Relays the target's answer. When the target is away, silent or fails, it sends the answer that the worker polled last. */
export const forwardOrSnapshot = async (
  request: IncomingMessage,
  response: ServerResponse,
  { snapshot, now, ...options }: SnapshotOptions,
): Promise<void> => {
  const exchange = await openInTime(request, options)
  if (exchange) return relayExchange(exchange, response, requestPath(request).decoded)
  if (options.signal.aborted) return
  const staleSeconds = Math.max(0, Math.round((now() - snapshot.polledAt) / 1_000))
  response.writeHead(200, relayedHeaders(snapshot.headers, [['X-Foreman-Stale', String(staleSeconds)]]))
  response.end(request.method === 'HEAD' ? undefined : snapshot.body)
}

/** @returns undefined when the target does not answer in time, or not with an answer of its own */
const openInTime = async (
  request: IncomingMessage,
  options: ForwardOptions,
): Promise<Exchange | undefined> => {
  // No `AbortSignal.timeout`: once the answer has begun, the timer must not cut it off.
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), SNAPSHOT_PATIENCE_MS)
  try {
    const signal = AbortSignal.any([options.signal, patience.signal])
    const exchange = await openForward(request, { ...options, signal })
    if (exchange.status < 502) return exchange
    exchange.body.destroy()
    return undefined
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
