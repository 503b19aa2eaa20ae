import { routeAt } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import { isAtOrBelow } from './own-paths.ts'
import { requestPath } from './request-path.ts'

/** Under what a request is counted. `none`: its caller was gone before there was a status. */
export const codeClasses = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const

export type CodeClass = (typeof codeClasses)[number]

/** Paths of foreman's own, and those below which there are more. */
const OWN: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/openapi.json', '/metrics'])
const TREES = ['/jobs', '/batches', '/queue', '/deliveries', '/dashboard', '/v1/files', '/v1/batches']

/**
 * The route of a path. Callers can send any path: the list of routes is closed.
 *
 * @param path decoded and without its query
 */
export const routeNamed = (path: string): string => {
  if (OWN.has(path)) return path
  const tree = TREES.find(root => isAtOrBelow(path, root))
  return tree ?? routeAt(path)?.path ?? 'other'
}

/** Counts the requests that this gateway has answered. */
export class RequestCounts {
  readonly #counts = new Map<string, Record<CodeClass, number>>()

  /** By route. */
  get counts(): ReadonlyMap<string, Readonly<Record<CodeClass, number>>> {
    return this.#counts
  }

  add(route: string, codeClass: CodeClass): void {
    const counts = this.#counts.get(route) ?? { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 }
    counts[codeClass] += 1
    this.#counts.set(route, counts)
  }
}

/** Counts each request once it is over. */
export const countRequests =
  (counts: RequestCounts): RequestHandler =>
  (request, response, next) => {
    response.once('close', () => {
      const codeClass = response.headersSent ? codeClasses[Math.floor(response.statusCode / 100) - 1] : 'none'
      counts.add(routeNamed(requestPath(request).decoded), codeClass ?? 'none')
    })
    next()
  }
