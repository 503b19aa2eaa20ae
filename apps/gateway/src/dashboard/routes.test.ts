import express from 'express'
import fs from 'node:fs'
import path from 'node:path'
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

test.each<[what: string, file: string, headers: Record<string, string>, status: number]>([
  ['a name that no file can have', `assets/${'a'.repeat(300)}.js`, {}, 404],
  ['a name of an old build', 'assets/old.js', {}, 404],
  ['a part beyond its end', '', { Range: 'bytes=9999-' }, 200],
  ['only what it has had before', '', { 'If-Match': '"a"' }, 412],
])('whoever asks for %s is not a fault of foreman', async (_what, file, headers, status) => {
  const folder = tempDirectory()
  fs.writeFileSync(path.join(folder, 'index.html'), 'page')
  const app = express()
  app.use(dashboardRoutes(folder))
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  const answer = await fetch(`${await serve(app)}/dashboard/${file}`, {
    headers: { ...headers, 'Accept-Encoding': 'identity' },
  })
  expect(answer.status).toBe(status)
})
