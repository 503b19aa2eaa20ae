import express from 'express'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { errorHandler } from '../http/error-handler.ts'
import { serve } from '../testing/serve.ts'
import { checkBrowser } from './browsers.ts'
import { originPolicy } from './origins.ts'

/** Sends a request through the check. Behind it, everything is answered with 200. */
const ask = async (
  request: { method?: string; path?: string; headers?: Record<string, string> },
  { origins = '', checksHost = false } = {},
): Promise<Response> => {
  const app = express()
  app.use(checkBrowser({ origins: originPolicy(origins)!, checksHost }))
  app.use((_request, response) => void response.end('through'))
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  const url = await serve(app)
  return fetch(`${url}${request.path ?? '/api/chat'}`, {
    method: request.method ?? 'POST',
    headers: request.headers ?? {},
  })
}

test('a request without an Origin goes through', async () => {
  const response = await ask({})
  expect([response.status, response.headers.get('Access-Control-Allow-Origin')]).toEqual([200, null])
})

test('an empty Origin is none, as to Ollama', async () => {
  const response = await ask({ headers: { Origin: '' } })
  expect([response.status, response.headers.get('Access-Control-Allow-Origin')]).toEqual([200, null])
})

test('a page whose origin may not call gets 403, on the routes of the target without a body', async () => {
  const page = { headers: { Origin: 'https://example.com' } }
  const [targets, own] = [await ask(page), await ask({ ...page, path: '/jobs' })]
  expect([targets.status, await targets.text()]).toEqual([403, ''])
  expect([own.status, own.headers.get('Content-Type')]).toEqual([403, 'application/problem+json'])
  expect(await own.json()).toMatchObject({ status: 403, code: 'forbidden' })
})

test('a page whose origin may call goes through, and may read the answer', async () => {
  const { status, headers } = await ask({ headers: { Origin: 'http://localhost:3000' } })
  expect([status, headers.get('Access-Control-Allow-Origin'), headers.get('Vary')]).toEqual([
    200,
    'http://localhost:3000',
    'Origin',
  ])
  expect(headers.get('Access-Control-Expose-Headers')).toContain('X-Foreman-Job-Id')
})

test('when every page may call, the answer names no origin', async () => {
  const { headers } = await ask({ headers: { Origin: 'https://example.com' } }, { origins: '*' })
  expect(headers.get('Access-Control-Allow-Origin')).toBe('*')
})

describe('a pre-flight request', () => {
  const preflight = (path: string) =>
    ask({ method: 'OPTIONS', path, headers: { Origin: 'http://localhost' } })

  test('is answered here', async () => {
    const { status, headers } = await preflight('/api/chat')
    expect([status, headers.get('Allow')]).toEqual([204, 'POST'])
    expect(headers.get('Access-Control-Allow-Methods')).toContain('DELETE')
  })

  test.each([
    ['/jobs', true],
    ['/api/chat', false],
  ])('to %s allows the headers of foreman: %s', async (path, allowed) => {
    const { headers } = await preflight(path)
    expect(headers.get('Access-Control-Allow-Headers')?.includes('Idempotency-Key')).toBe(allowed)
  })
})

test.each([
  [true, 403],
  [false, 200],
])('a foreign Host, when hosts are checked (%s), gets %i', async (checksHost, status) => {
  const app = express()
  app.use((request, _response, next) => {
    request.headers.host = 'rebound.example'
    next()
  })
  app.use(checkBrowser({ origins: originPolicy('')!, checksHost }))
  app.use((_request, response) => void response.end())
  expect((await fetch(await serve(app))).status).toBe(status)
})
