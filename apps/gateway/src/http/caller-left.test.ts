import http from 'node:http'
import { expect, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { CallerLeftError, callerLeftSignal } from './caller-left.ts'

test('the signal of a caller that has already left is aborted', async () => {
  const { promise, resolve } = Promise.withResolvers<AbortSignal>()
  const url = await serve((_request, response) => {
    response.once('close', () => setImmediate(() => resolve(callerLeftSignal(response))))
    request.destroy()
  })
  const request = http.get(url, { agent: false }).on('error', () => undefined)
  expect((await promise).reason).toBeInstanceOf(CallerLeftError)
})
