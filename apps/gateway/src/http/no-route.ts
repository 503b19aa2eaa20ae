import type { ErrorRequestHandler, RequestHandler } from 'express'
import { problem } from './refusal.ts'

const noRoute = () => problem(404, 'not_found', 'there is no such route')

/** Refuses what is left below a path of foreman's own. */
export const refuseOthers: RequestHandler = () => {
  throw noRoute()
}

/** Express throws a URIError for a path that cannot be decoded. */
export const refuseUndecodable: ErrorRequestHandler = (error, _request, _response, next) =>
  next(error instanceof URIError ? noRoute() : error)
