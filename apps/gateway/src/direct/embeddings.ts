import { routeAt, withoutKeepAlive } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import { forwardedHeaders } from '../http/headers.ts'
import { readBody } from '../http/read-body.ts'
import { requestPath } from '../http/request-path.ts'
import { callerLeaves, passOn } from './forward.ts'
import type { Target } from './target.ts'

/**
 * Embeddings go straight to the target, but how long their model stays in memory is not the caller's to say: Ollama
 * runs it beside the working model, and only the worker knows whether it fits there.
 */
export const embeddings =
  ({ target, maxBodyBytes }: { target: Target; maxBodyBytes: number }): RequestHandler =>
  async (request, response, next) => {
    const { raw, decoded } = requestPath(request)
    if (request.method !== 'POST' || routeAt(decoded)?.kind !== 'embedding') return next()
    const body = withoutKeepAlive(await readBody(request, maxBodyBytes))
    const signal = callerLeaves(response)
    await passOn(await target.open('POST', raw, forwardedHeaders(request), body, signal), response)
  }
