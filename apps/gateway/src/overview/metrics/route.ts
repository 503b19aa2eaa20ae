import { type RequestHandler, Router } from 'express'
import { ensureSeesAll, whoOf } from '../../access/roles.ts'
import type { Context } from '../../context.ts'
import { onlyFor } from '../../http/only-for.ts'

/** Who may read the metrics: viewers and operators, everybody without a token, or nobody. */
export type MetricsAccess = 'token' | 'open' | 'off'

type MetricsContext = Pick<Context, 'metrics' | 'overview'>

/** The text format of Prometheus. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export const metricsRoute = (context: MetricsContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  router.route('/metrics').get(showMetrics(context)).all(onlyFor('GET'))
  return router
}

const showMetrics =
  ({ metrics, overview }: MetricsContext): RequestHandler =>
  async (_request, response) => {
    if (metrics === 'token') ensureSeesAll(whoOf(response))
    const text = await overview.metrics()
    if (response.destroyed) return
    response.writeHead(200, {
      'Content-Type': CONTENT_TYPE,
      'Content-Length': text.byteLength,
      'Cache-Control': 'no-cache',
      Vary: 'Authorization',
    })
    response.end(text)
  }
