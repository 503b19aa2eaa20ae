import { routeAt } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import type { RequestHandler } from 'express'
import type { IncomingMessage } from 'node:http'
import { forwardedHeaders, relayedHeaders } from '../http/headers.ts'
import { Refusal } from '../http/refusal.ts'
import { requestPath } from '../http/request-path.ts'
import { callerLeaves, passOn } from './forward.ts'
import type { Target } from './target.ts'

export interface DirectOptions {
  readonly target: Target
  readonly store: Store
  readonly management: 'on' | 'off'
  readonly now: () => number
}

/** How long a target that accepts connections and says nothing is waited for, where there is something older to say. */
const SNAPSHOT_PATIENCE_MS = 3_000

/** Everything that needs no turn goes straight to the target, streaming both ways, whatever the queue does. */
export const direct = ({ target, store, management, now }: DirectOptions): RequestHandler => {
  const passThrough = async (request: IncomingMessage, signal: AbortSignal) => {
    const hasBody = 'content-length' in request.headers || 'transfer-encoding' in request.headers
    const { raw } = requestPath(request)
    const headers = forwardedHeaders(request)
    return target.open(request.method ?? 'GET', raw, headers, hasBody ? request : undefined, signal)
  }

  return async (request, response) => {
    const { decoded } = requestPath(request)
    if (management === 'off' && routeAt(decoded)?.kind === 'management') {
      throw new Refusal(403, 'managing models is turned off here (FOREMAN_MANAGEMENT)')
    }
    const signal = callerLeaves(response)
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    const snapshot = isReading ? store.catalogue.snapshot(decoded) : undefined
    if (!snapshot) return passOn(await passThrough(request, signal), response)
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), SNAPSHOT_PATIENCE_MS)
    try {
      const exchange = await passThrough(request, AbortSignal.any([signal, patience.signal]))
      clearTimeout(timer)
      if (exchange.status < 502) return await passOn(exchange, response)
      exchange.body.destroy()
    } catch {
      if (signal.aborted) return
    } finally {
      clearTimeout(timer)
    }
    const staleSeconds = Math.max(0, Math.round((now() - snapshot.polledAt) / 1000))
    response.writeHead(200, relayedHeaders(snapshot.headers, [['X-Foreman-Stale', String(staleSeconds)]]))
    response.end(request.method === 'HEAD' ? undefined : snapshot.body)
  }
}
