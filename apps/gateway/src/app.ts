import express, { type Express, type RequestHandler } from 'express'
import { checkBrowser } from './access/browsers.ts'
import { ownPageReads } from './access/own-page.ts'
import { targetRules } from './access/target-rules.ts'
import { requireToken } from './access/tokens.ts'
import type { Context } from './context.ts'
import { embeddingRoutes } from './direct/embeddings.ts'
import { directRoutes } from './direct/routes.ts'
import type { Entrance } from './entrances.ts'
import { generateRoutes } from './generate/routes.ts'
import { healthRoutes } from './health/routes.ts'
import { errorHandler } from './http/error-handler.ts'
import { lateRoutes } from './http/late-routes.ts'
import {
  isBulkPath,
  isDashboardPath,
  isDocumentPath,
  isJobsPath,
  isMetricsPath,
  isOpenAiBatchPath,
  isQueuePath,
} from './http/own-paths.ts'
import { refuseOwnRequests } from './http/own-requests.ts'
import { retryLater } from './http/refusal.ts'
import { countRequests } from './http/request-counts.ts'
import { requireWellFormed } from './http/well-formed.ts'

/**
 * The order in which a request goes through the rooms of the gateway. What no room takes goes to the target.
 *
 * @param entrance where the requests come in
 */
export const createApp = (
  context: Context,
  { checksHost, door }: Pick<Entrance, 'checksHost' | 'door'>,
): Express => {
  const { identities, origins, management, metrics: metricsAccess, dashboard: page, requestCounts } = context
  const metricsRoute = lateRoutes(isMetricsPath, () => metrics(context))
  const app = express()
  // Callers get the target's answers unchanged, so Express must not add headers.
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.use(countRequests(requestCounts))
  app.use(requireWellFormed())
  app.use(refuseOwnRequests(context))
  app.use(healthRoutes(context.observe))
  app.use(lateRoutes(isDocumentPath, openapi))
  app.use(refuseWhenStopping(context))
  app.use(checkBrowser({ origins, checksHost }))
  if (page === 'read-only') app.use(ownPageReads)
  if (page !== 'off') app.use(lateRoutes(isDashboardPath, dashboard))
  if (metricsAccess === 'open') app.use(metricsRoute)
  app.use(requireToken({ identities, door }))
  app.use(lateRoutes(isBulkPath, () => bulk(context)))
  app.use(lateRoutes(isJobsPath, () => jobs(context)))
  app.use(lateRoutes(isQueuePath, () => overview(context)))
  app.use(lateRoutes(isOpenAiBatchPath, () => openAiBatches(context)))
  app.use(lateRoutes(isQueuePath, () => steering(context)))
  if (metricsAccess === 'token') app.use(metricsRoute)
  app.use(targetRules({ management }))
  app.use(generateRoutes(context))
  app.use(embeddingRoutes(context))
  app.use(directRoutes(context))
  app.use(errorHandler(context))
  return app
}

const dashboard = async () => (await import('./dashboard/routes.ts')).dashboardRoutes()
const openapi = async () => (await import('./jobs/openapi/route.ts')).openapiRoute()
const bulk = async (context: Context) => (await import('./bulk/routes.ts')).bulkRoutes(context)
const steering = async (context: Context) => (await import('./steering/routes.ts')).steeringRoutes(context)
const jobs = async (context: Context) => (await import('./jobs/routes.ts')).jobRoutes(context)
const overview = async (context: Context) => (await import('./overview/routes.ts')).overviewRoutes(context)

const openAiBatches = async (context: Context) =>
  (await import('./openai/routes.ts')).openAiBatchRoutes(context)

const metrics = async (context: Context) =>
  (await import('./overview/metrics/route.ts')).metricsRoute(context)

/** While the gateway stops, requests still arrive on connections that were kept open. */
const refuseWhenStopping =
  ({ isStopping }: Pick<Context, 'isStopping'>): RequestHandler =>
  (_request, _response, next) => {
    if (isStopping()) throw retryLater(503, 'foreman is being stopped', 5)
    next()
  }
