import { routeAt } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import { isOwnPath } from '../http/own-paths.ts'
import { requestPath } from '../http/request-path.ts'
import { isAllowedHost } from './allowed-host.ts'
import type { OriginPolicy } from './origins.ts'

const PREFLIGHT_MAX_AGE_SECONDS = 43_200

const allowedHeaders = [
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
const allowedMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']
/** What foreman's own routes understand besides. The target's routes name what Ollama names. */
const ownHeaders = ['Idempotency-Key', 'Last-Event-ID', 'Prefer', 'X-Api-Key']
/** A page may read only what is named here. */
const exposedHeaders = [
  'X-Foreman-Job-Id',
  'X-Foreman-Stale',
  'Retry-After',
  'Location',
  'Preference-Applied',
  'Idempotency-Replayed',
]
const preflightVaries = ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers']

/**
 * What Ollama asks of a browser's request, in its order: is the page's origin one that may call, and, on loopback, is
 * the host one that can be meant. A pre-flight is answered here, without a token: it cannot carry one.
 */
export const browsers =
  ({ origins, checksHost }: { origins: OriginPolicy; checksHost: boolean }): RequestHandler =>
  (request, response, next) => {
    const { origin, host } = request.headers
    const isForeign = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`
    if (isForeign) {
      if (!origins.allows(origin)) return void response.writeHead(403, { 'Content-Length': 0 }).end()
      response.setHeader('Access-Control-Allow-Origin', origins.any ? '*' : origin)
      if (request.method === 'OPTIONS') {
        const { decoded } = requestPath(request)
        const route = routeAt(decoded)
        const headers = isOwnPath(decoded) ? [...allowedHeaders, ...ownHeaders] : allowedHeaders
        response.setHeader('Access-Control-Allow-Headers', headers.join(','))
        response.setHeader('Access-Control-Allow-Methods', allowedMethods.join(','))
        response.setHeader('Access-Control-Max-Age', PREFLIGHT_MAX_AGE_SECONDS)
        if (route) response.setHeader('Allow', route.methods.join(', '))
        response.setHeader('Vary', preflightVaries)
        return void response.writeHead(204).end()
      }
      response.setHeader('Vary', 'Origin')
      response.setHeader('Access-Control-Expose-Headers', exposedHeaders.join(','))
    }
    if (checksHost && !isAllowedHost(host)) return void response.writeHead(403, { 'Content-Length': 0 }).end()
    next()
  }
