import express, { type Express, type RequestHandler } from 'express'
import { browsers } from './access/browsers.ts'
import type { Caller } from './access/callers.ts'
import { access } from './access/tokens.ts'
import { embeddingRoutes } from './direct/embeddings.ts'
import { directRoutes, type DirectOptions } from './direct/routes.ts'
import { inference, type InferenceOptions } from './generate/routes.ts'
import type { Observed } from './health/reasons.ts'
import { healthRoutes } from './health/routes.ts'
import { errorHandler } from './http/error-handler.ts'
import { retryLater } from './http/refusal.ts'
import { openapiRoute } from './jobs/openapi/route.ts'
import { jobRoutes, type JobsOptions } from './jobs/routes.ts'
import type { Logger } from './logger.ts'

export interface AppOptions {
  readonly callers: readonly Caller[]
  readonly browsers: Parameters<typeof browsers>[0]
  readonly observe: () => Observed
  readonly inference: InferenceOptions
  readonly jobs: JobsOptions
  readonly isStopping: () => boolean
  readonly direct: DirectOptions
  readonly logger: Logger
}

/** The way of a request: health, where from, who are you, the queue's routes, and everything else straight to the target. */
export const createApp = (options: AppOptions): Express => {
  const app = express()
  // Foreman adds nothing to what the target says.
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.use(healthRoutes(options.observe))
  app.use(openapiRoute())
  app.use(refuseWhenStopping(options.isStopping))
  app.use(browsers(options.browsers))
  app.use(access(options.callers))
  app.use(jobRoutes(options.jobs))
  app.use(inference(options.inference))
  app.use(embeddingRoutes(options.inference))
  app.use(directRoutes(options.direct))
  app.use(errorHandler(options.logger))
  return app
}

/** A connection that was kept open can still bring requests while the gateway stops. */
const refuseWhenStopping =
  (isStopping: () => boolean): RequestHandler =>
  (_request, _response, next) => {
    if (isStopping()) throw retryLater(503, 'foreman is being stopped', 5)
    next()
  }
