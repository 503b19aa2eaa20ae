import http from 'node:http'
import { hostAllowed, judgeOrigin, preflightHeaders } from './cors.ts'
import { sendError } from './dialect.ts'
import { CallerLeft, Exchange } from './exchange.ts'
import type { Faults } from './faults.ts'
import { RequestBody } from './request-body.ts'
import type { RequestLog } from './request-log.ts'
import { allowed, redirectOf, routesAt, type Route } from './router.ts'
import type { SimContext } from './sim-context.ts'
import { statusOf } from './wire/status.ts'

/** Go's default. Node's own is 16 KiB, and would refuse what Ollama accepts. */
const MAX_HEADER_BYTES = 1024 * 1024

export interface ServerParts {
  context: SimContext
  faults: Faults
  log: RequestLog
  /** Paths of the simulation itself; true when it took the request. */
  control: (request: http.IncomingMessage, response: http.ServerResponse, body: Buffer) => Promise<boolean>
  /** Bound to loopback, where Ollama looks at the Host. */
  loopback: boolean
}

/** The HTTP server: what Ollama's framework does before and around its routes. */
export const createServer = (parts: ServerParts): http.Server => {
  const server = http.createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      if (error instanceof CallerLeft || response.destroyed) return
      // A fault of the simulation, not a simulated one.
      console.error(error)
      response.destroy()
    })
  })
  // Ollama sets no limits of its own, and Node's keep-alive limit would be announced in a header.
  server.requestTimeout = 0
  server.keepAliveTimeout = 0
  server.timeout = 0
  return server
}

const readAll = async (request: http.IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

const serve = async (parts: ServerParts, request: http.IncomingMessage, response: http.ServerResponse) => {
  const { context, faults, log } = parts
  const method = request.method ?? 'GET'
  const [path, query] = splitUrl(request.url ?? '/')
  let bytes: Buffer
  try {
    bytes = await readAll(request)
  } catch {
    return // It left while it sent its body.
  }
  if (await parts.control(request, response, bytes)) return

  const route = routesAt(path)?.[method]
  const body = new RequestBody(bytes)
  const model = route?.infers || path === '/api/show' ? body.model : undefined
  const exchange = new Exchange({ request, response, body, clock: context.clock }, faults.take(path, model))
  const seen = log.begin({ method, path, model, inference: route?.infers === true })
  response.once('close', () => log.end(seen))
  if (await exchange.struck()) return

  const { reply } = exchange
  const { origin, host } = request.headers
  const verdict = judgeOrigin(origin, host)
  if (verdict === 'refused' || (parts.loopback && !hostAllowed(host))) return reply.empty(403)
  if (verdict === 'allowed') {
    if (method === 'OPTIONS') return reply.empty(204, { ...preflightHeaders(origin!), ...allowHeader(path) })
    response.setHeader('Access-Control-Allow-Origin', origin!)
    response.setHeader('Vary', 'Origin')
  }
  if (route === undefined) return unrouted(exchange, method, path, query)
  await handle(parts, route, exchange)
}

const handle = async ({ context }: ServerParts, route: Route, exchange: Exchange): Promise<void> => {
  try {
    await route.handle(context, exchange)
  } catch (error) {
    const status =
      statusOf(error) ?? (error instanceof CallerLeft || exchange.reply.started ? undefined : 500)
    if (status === undefined) throw error
    sendError(exchange, route.dialect ?? 'native', status, (error as Error).message)
  }
}

const unrouted = ({ reply }: Exchange, method: string, path: string, query: string): void => {
  const routes = routesAt(path)
  if (routes !== undefined) return reply.body(405, 'text/plain', '405 method not allowed', allowHeader(path))
  const elsewhere = redirectOf(path, method)
  if (elsewhere === undefined) return reply.body(404, 'text/plain', '404 page not found')
  const location = elsewhere + query
  if (method !== 'GET') return reply.empty(307, { Location: location })
  const page = `<a href="${location.replaceAll('&', '&amp;')}">Moved Permanently</a>.\n\n`
  reply.body(301, 'text/html; charset=utf-8', page, { Location: location })
}

const allowHeader = (path: string): Record<string, string> => {
  const routes = routesAt(path)
  return routes === undefined ? {} : { Allow: allowed(routes) }
}

/** Path and query, the `?` included. */
const splitUrl = (url: string): [path: string, query: string] => {
  const at = url.indexOf('?')
  return at < 0 ? [decoded(url), ''] : [decoded(url.slice(0, at)), url.slice(at)]
}

/** Go's router matches the decoded path: `/api/%63hat` is `/api/chat`. */
const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
