import { type RequestHandler, Router } from 'express'
import { only } from '../../access/ensure-operator.ts'
import type { Context } from '../../context.ts'
import { onlyFor } from '../../http/only-for.ts'

/** Who may read the metrics: viewers and operators, everybody without a token, or nobody. */
export type MetricsAccess = 'token' | 'open' | 'off'

type MetricsContext = Pick<Context, 'metrics' | 'overview'>

/** The text format of Prometheus. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export const metricsRoute = (context: MetricsContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  const admission = context.metrics === 'token' ? [only('viewer')] : []
  router.route('/metrics').get(admission, showMetrics(context)).all(onlyFor('GET'))
  return router
}

const showMetrics =
  ({ overview }: MetricsContext): RequestHandler =>
  async (_request, response) => {
    const text = await overview.metrics()
    if (response.destroyed) return
    response.vary('Authorization')
    response.writeHead(200, {
      'Content-Type': CONTENT_TYPE,
      'Content-Length': text.byteLength,
      'Cache-Control': 'no-cache',
    })
    response.end(text)
  }
