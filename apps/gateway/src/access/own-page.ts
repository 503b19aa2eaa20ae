import type { RequestHandler } from 'express'
import { isOwnPath } from '../http/own-paths.ts'
import { problem } from '../http/refusal.ts'
import { requestPath } from '../http/request-path.ts'
import { isForeign } from './foreign.ts'

/** What the page of foreman may do: everything, or read; or there is no page. */
export type DashboardAccess = 'on' | 'read-only' | 'off'

/** Refuses what a page of foreman's own origin tries to change on foreman's own routes. */
export const ownPageReads: RequestHandler = (request, _response, next) => {
  const { method, headers } = request
  const { origin = '' } = headers
  const isChange = !['GET', 'HEAD', 'OPTIONS'].includes(method)
  if (isChange && origin !== '' && !isForeign(headers) && isOwnPath(requestPath(request).decoded))
    throw problem(403, 'forbidden', 'the dashboard only shows (FOREMAN_DASHBOARD=read-only)')
  next()
}
