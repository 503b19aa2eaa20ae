import { OllamaClient } from '@foreman/ollama-client'
import type { RequestListener } from 'node:http'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { callerLeftSignal } from '../http/caller-left.ts'
import { serve } from '../testing/serve.ts'
import { tempStore } from '../testing/temp-store.ts'
import { forwardOrSnapshot } from './snapshots.ts'
import { Target } from './target.ts'

const snapshot = {
  headers: [['Content-Type', 'application/json']] as const,
  body: Buffer.from('{"models":[]}'),
  polledAt: 1_000,
}

/** Asks for a list of which there is a snapshot, 8 seconds old. */
const ask = async (target: RequestListener | 'away', method = 'GET'): Promise<Response> => {
  const url = target === 'away' ? 'http://127.0.0.1:9' : await serve(target)
  const options = {
    target: new Target({
      client: new OllamaClient({ url }),
      store: await tempStore(),
      logger: pino({ level: 'silent' }),
      now: () => 9_000,
    }),
    snapshot,
    body: undefined,
    now: () => 9_000,
  }
  const gateway = await serve((request, response) => {
    void forwardOrSnapshot(request, response, { ...options, signal: callerLeftSignal(response) })
  })
  return fetch(`${gateway}/api/tags`, { method })
}

const summaryOf = async (response: Response) => [
  response.status,
  response.headers.get('X-Foreman-Stale'),
  await response.text(),
]

test.each([200, 404, 500, 501])('an answer of the target with status %i is relayed', async status => {
  const response = await ask((_request, answer) => void answer.writeHead(status).end('fresh'))
  expect(await summaryOf(response)).toEqual([status, null, 'fresh'])
})

test('the snapshot is sent while the target is away', async () => {
  const response = await ask('away')
  expect(response.headers.get('Content-Type')).toBe('application/json')
  expect(await summaryOf(response)).toEqual([200, '8', '{"models":[]}'])
})

test('the snapshot is sent when a proxy answers in place of the target', async () => {
  const response = await ask((_request, answer) => void answer.writeHead(502).end('bad gateway'))
  expect(await summaryOf(response)).toEqual([200, '8', '{"models":[]}'])
})

test('the snapshot is sent when the target says nothing for three seconds', async () => {
  expect(await summaryOf(await ask(() => undefined))).toEqual([200, '8', '{"models":[]}'])
})

test('HEAD gets the headers of the snapshot alone', async () => {
  expect(await summaryOf(await ask('away', 'HEAD'))).toEqual([200, '8', ''])
})
