import { routeAt, withoutKeepAlive } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import type { Context } from '../context.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { readBody } from '../http/read-body.ts'
import { requestPath } from '../http/request-path.ts'
import { forward } from './forward.ts'

export type EmbeddingContext = Pick<Context, 'target' | 'maxBodyBytes'>

/**
 * Forwards embedding requests to the target without their `keep_alive`. Ollama runs an embedding model beside the
 * working model, and only the worker knows whether both fit into memory.
 */
export const embeddingRoutes =
  ({ target, maxBodyBytes }: EmbeddingContext): RequestHandler =>
  async (request, response, next) => {
    const { decoded } = requestPath(request)
    if (request.method !== 'POST' || routeAt(decoded)?.kind !== 'embedding') return next()
    const body = withoutKeepAlive(await readBody(request, maxBodyBytes))
    await forward(request, response, { target, body, signal: callerLeftSignal(response) })
  }
