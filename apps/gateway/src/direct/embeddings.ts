import { routeAt, withoutKeepAlive } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import type { Context } from '../context.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { leaveWhenHalfClosed } from '../http/half-closed.ts'
import { withBody } from '../http/read-body.ts'
import { requestPath } from '../http/request-path.ts'
import { inSlices } from '../http/slices.ts'
import { openForward, relayExchange } from './forward.ts'

export type EmbeddingContext = Pick<Context, 'target' | 'bodyMemory' | 'maxBodyBytes'>

/**
 * Forwards embedding requests to the target without their `keep_alive`. Ollama runs an embedding model beside the
 * working model, and only the worker knows whether both fit into memory.
 */
export const embeddingRoutes =
  ({ target, bodyMemory, maxBodyBytes }: EmbeddingContext): RequestHandler =>
  async (request, response, next) => {
    const { decoded } = requestPath(request)
    if (request.method !== 'POST' || routeAt(decoded)?.kind !== 'embedding') return next()
    leaveWhenHalfClosed(response)
    const limits = { maxBytes: maxBodyBytes, memory: bodyMemory }
    const exchange = await withBody(request, limits, async whole => {
      const body = await inSlices(withoutKeepAlive(whole))
      return openForward(request, { target, body, signal: callerLeftSignal(response) })
    })
    await relayExchange(exchange, response, decoded)
  }
