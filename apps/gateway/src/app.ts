import express, { type Express, type RequestHandler } from 'express'
import { access } from './access.ts'
import { browsers } from './browsers.ts'
import type { Caller } from './callers.ts'
import { errorHandler } from './error-handler.ts'
import type { Observed } from './health.ts'
import type { Logger } from './logger.ts'
import { comeAgain } from './refusal.ts'
import { direct, type DirectOptions } from './routes/direct.ts'
import { embeddings } from './routes/embeddings.ts'
import { healthRoutes } from './routes/health.ts'
import { inference, type InferenceOptions } from './routes/inference.ts'
import { jobRoutes, type JobsOptions } from './routes/jobs.ts'
import { openapiRoute } from './routes/openapi.ts'

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
  app.use(embeddings(options.inference))
  app.use(direct(options.direct))
  app.use(errorHandler(options.logger))
  return app
}

/** A connection that was kept open can still bring requests while the gateway stops. */
const refuseWhenStopping =
  (isStopping: () => boolean): RequestHandler =>
  (_request, _response, next) => {
    if (isStopping()) throw comeAgain(503, 'foreman is being stopped', 5)
    next()
  }
