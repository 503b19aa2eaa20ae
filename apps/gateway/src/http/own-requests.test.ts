import express from 'express'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { errorHandler } from './error-handler.ts'
import { refuseOwnRequests } from './own-requests.ts'

const start = () => {
  const app = express()
  app.use(refuseOwnRequests({ deployment: 'foreman-1' }))
  app.use((_request, response) => void response.end('answered'))
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  return serve(app)
}

test.each(['1.1 foreman-1', '1.1 proxy, 1.1  foreman-1 (a comment)', 'HTTP/1.1 foreman-1, 1.1 foreman-2'])(
  'a request with Via: %s has come back, and is refused',
  async via => {
    const answer = await fetch(await start(), { headers: { via } })
    expect(answer.status).toBe(508)
    expect(await answer.text()).toContain('FOREMAN_OLLAMA_URL leads to foreman itself')
  },
)

test.each([undefined, '', '1.1 foreman-2', '1.1 foreman-11', 'foreman-1', '1.1'])(
  'a request with Via: %j comes from somebody else',
  async via => {
    const answer = await fetch(await start(), { headers: via === undefined ? {} : { via } })
    expect(await answer.text()).toBe('answered')
  },
)
