import { routeAt, type RouteKind } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import { Refusal } from '../http/refusal.ts'
import { requestPath } from '../http/request-path.ts'
import { ensureOperator } from './ensure-operator.ts'
import { ensureNoViewer, whoOf } from './roles.ts'

/** Who may use the routes that change models, or may change something: everybody, operators, or nobody. */
export type Management = 'on' | 'operator' | 'off'

/**
 * Decides who may use which of the target's routes. Behind it are all of these routes: those that generate, those that embed,
 * and the direct lane.
 *
 * Whatever is not known to be harmless is refused like what is known to do harm, so that a newer Ollama opens nothing.
 */
export const targetRules =
  ({ management }: { readonly management: Management }): RequestHandler =>
  (request, response, next) => {
    const who = whoOf(response)
    const { decoded } = requestPath(request)
    const kind = kindOf(request.method, decoded)
    if (kind !== 'metadata') ensureNoViewer(who)
    if (management !== 'on' && !HARMLESS.has(kind)) {
      if (management === 'operator') ensureOperator(who, request.headers)
      else throw refusalOfEverybody(routeAt(decoded)?.kind)
    }
    next()
  }

/** Routes that leave models and account alone. */
const HARMLESS: ReadonlySet<RouteKind | 'generating' | undefined> = new Set([
  'metadata',
  'embedding',
  'generating',
])

/** The kind of what a request asks for; undefined when the target has no such route, or not with this method. */
const kindOf = (method: string, path: string): RouteKind | 'generating' | undefined => {
  const route = routeAt(path)
  return route && [...route.methods, 'OPTIONS'].includes(method) ? route.kind : undefined
}

const refusalOfEverybody = (kind: RouteKind | 'generating' | undefined): Refusal =>
  kind === 'management'
    ? new Refusal(403, 'managing models is turned off here (FOREMAN_MANAGEMENT)')
    : new Refusal(403, 'only routes that change nothing are open here (FOREMAN_MANAGEMENT)')
