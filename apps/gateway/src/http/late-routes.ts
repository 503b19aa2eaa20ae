import type { RequestHandler } from 'express'
import { requestPath } from './request-path.ts'

/**
 * Routes that are loaded with the first request for one of them. Many gateways never get one, and what they import takes
 * memory: 20 MB for those that check requests against schemas.
 *
 * @param isOneOf whether a decoded path belongs to one of the routes
 */
export const lateRoutes = (
  isOneOf: (path: string) => boolean,
  load: () => Promise<RequestHandler>,
): RequestHandler => {
  let loaded: Promise<RequestHandler> | undefined
  return async (request, response, next) => {
    if (!isOneOf(requestPath(request).decoded)) return next()
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined
      throw error
    })
    const routes = await loaded
    routes(request, response, next)
  }
}
