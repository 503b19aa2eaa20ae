import { routeAt } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { endEarly } from '../http/end-early.ts'
import { isOwnPath } from '../http/own-paths.ts'
import { problem } from '../http/refusal.ts'
import { requestPath } from '../http/request-path.ts'
import { isAllowedHost } from './allowed-host.ts'
import { isForeign } from './foreign.ts'
import type { OriginPolicy } from './origins.ts'

const PREFLIGHT_MAX_AGE_SECONDS = 43_200

const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'User-Agent',
  'Accept',
  'X-Requested-With',
  'Openai-Beta',
  ...[
    'Arch',
    'Async',
    'Custom-Poll-Interval',
    'Helper-Method',
    'Lang',
    'Os',
    'Package-Version',
    'Poll-Helper',
    'Retry-Count',
    'Runtime',
    'Runtime-Version',
    'Timeout',
  ].map(name => `X-Stainless-${name}`),
]
const ALLOWED_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
/** The headers that foreman's own routes read as well. For the target's routes, the list is exactly Ollama's. */
const OWN_HEADERS = ['Idempotency-Key', 'Last-Event-ID', 'Prefer', 'X-Api-Key']
/** The headers of an answer that a page may read. */
const EXPOSED_HEADERS = [
  'X-Foreman-Job-Id',
  'X-Foreman-Stale',
  'X-Foreman-Queue-Position',
  'X-Foreman-Estimated-Wait',
  'X-Foreman-Waited',
  'X-Foreman-Reason',
  'Retry-After',
  'Location',
  'Preference-Applied',
  'Idempotency-Replayed',
]
const PREFLIGHT_VARIES = ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers']

export interface BrowserOptions {
  readonly origins: OriginPolicy
  /** Whether the `Host` of a request is checked. */
  readonly checksHost: boolean
}

/**
 * Checks a browser's request as Ollama does, and in the same order: the origin of the page first, then the host. A
 * pre-flight request is answered here, before the token is checked, because a browser sends no token with it.
 */
export const checkBrowser =
  ({ origins, checksHost }: BrowserOptions): RequestHandler =>
  (request, response, next) => {
    const { origin = '', host } = request.headers
    if (isForeign({ origin, host })) {
      if (!origins.allows(origin)) return forbid(request, response)
      response.setHeader('Access-Control-Allow-Origin', origins.any ? '*' : origin)
      if (request.method === 'OPTIONS') {
        const { decoded } = requestPath(request)
        const route = routeAt(decoded)
        const headers = isOwnPath(decoded) ? [...ALLOWED_HEADERS, ...OWN_HEADERS] : ALLOWED_HEADERS
        response.setHeader('Access-Control-Allow-Headers', headers.join(','))
        response.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS.join(','))
        response.setHeader('Access-Control-Max-Age', PREFLIGHT_MAX_AGE_SECONDS)
        if (route) response.setHeader('Allow', route.methods.join(', '))
        response.setHeader('Vary', PREFLIGHT_VARIES)
        return void response.writeHead(204).end()
      }
      response.setHeader('Vary', 'Origin')
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS.join(','))
    }
    if (checksHost && !isAllowedHost(host)) return forbid(request, response)
    next()
  }

/** As Ollama does it: without a body. foreman's own routes have problem details for every refusal. */
const forbid = (request: IncomingMessage, response: ServerResponse): void => {
  if (isOwnPath(requestPath(request).decoded))
    throw problem(403, 'forbidden', 'the origin of the page, or the Host of the request, is not allowed')
  response.writeHead(403, { 'Content-Length': 0 })
  endEarly(request, response)
}
