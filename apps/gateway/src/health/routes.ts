import { Router } from 'express'
import { health, type Observed, readiness } from './reasons.ts'

/** Routes that need no token: they tell nothing that a stranger may not know. */
export const healthRoutes = (observe: () => Promise<Observed>): Router => {
  const router = Router()
  router.get('/healthz', async (_request, response) => {
    response.json(health(await observe()))
  })
  router.get('/readyz', async (_request, response) => {
    const { ready, reasons } = readiness(await observe())
    response.status(ready ? 200 : 503).json(ready ? { status: 'ready' } : { status: 'not_ready', reasons })
  })
  return router
}
