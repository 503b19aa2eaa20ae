import { generatingEndpoint } from '@foreman/ollama-client'
import http, { type ServerResponse } from 'node:http'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { serve } from '../testing/serve.ts'
import { submitTo } from '../testing/submit.ts'
import { tempStore } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'
import { relay } from './relay.ts'

test('a caller that leaves while the file cannot be read has left: that is no error', async () => {
  const store = tempStore()
  const job = submitTo(store)
  const logger = pino({ enabled: false })
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const relayTo = (response: ServerResponse) =>
    relay(job, response, {
      store,
      logger,
      followers: new LogFollowers({ store, logger }),
      patience: { heartbeatMs: 1_000, holdMs: 1_000, stallMs: 1_000 },
      cutOff: new AbortController().signal,
      endpoint: generatingEndpoint('/api/generate')!,
      streaming: false,
      asked: { model: 'm', headers: {} },
      now: () => 0,
      onWaiting: () => undefined,
    })
  const url = await serve((_request, response) => {
    vi.spyOn(store.output, 'view').mockImplementation(() => {
      response.destroy()
      throw new Error('the file cannot be read')
    })
    relayTo(response).then(resolve, resolve)
  })
  http.get(url, { agent: false }).on('error', () => undefined)
  expect(await promise).toBe('left')
})
