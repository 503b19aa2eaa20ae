import { Router } from 'express'
import { health, type Observed, readiness } from './reasons.ts'

/** Routes that need no token: they tell nothing that a stranger may not know. */
export const healthRoutes = (observe: () => Observed): Router => {
  const router = Router()
  router.get('/healthz', (_request, response) => {
    response.json(health(observe()))
  })
  router.get('/readyz', (_request, response) => {
    const { ready, reasons } = readiness(observe())
    response.status(ready ? 200 : 503).json(ready ? { status: 'ready' } : { status: 'not_ready', reasons })
  })
  return router
}
