import express from 'express'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { errorHandler } from '../http/error-handler.ts'
import { serve } from '../testing/serve.ts'
import { tempDirectory } from '../testing/temp-store.ts'
import { dashboardRoutes } from './routes.ts'

test('a page that is not built says what builds it, and nothing of it stays in the answer', async () => {
  const app = express()
  app.use(dashboardRoutes(tempDirectory()))
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  const answer = await fetch(`${await serve(app)}/dashboard/`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({
    detail: 'the dashboard is not built: run `npm run build:dashboard`',
  })
  expect(answer.headers.has('content-encoding')).toBe(false)
})
