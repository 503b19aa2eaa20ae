import { serve } from '@foreman/ollama-client/testing'
import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { ForemanClient } from './client.ts'
import { ForemanError } from './errors.ts'

/** A client, and the requests that its server got. The first is answered by the first of these listeners, and so on. */
const start = async (...listeners: RequestListener[]) => {
  const asked: string[] = []
  const url = await serve((request, response) => {
    const listener = listeners[Math.min(asked.length, listeners.length - 1)]!
    asked.push(`${request.method} ${request.url}`)
    listener(request, response)
  })
  return { client: new ForemanClient({ url, pauseMs: 1 }), asked }
}

const json =
  (value: unknown): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))

const linesOf = (...indices: number[]): string =>
  indices.map(index => `\n${JSON.stringify({ index, id: `job_${index}`, state: 'succeeded' })}\n`).join('')

test('results come exactly once, also when connections are lost', async () => {
  const { client, asked } = await start(
    (_request, response) => {
      response.writeHead(200).write(`${linesOf(0, 1)}{"index":2,`, () => response.destroy())
    },
    (_request, response) => void response.writeHead(503).end(),
    request => void request.socket.destroy(),
    (_request, response) => void response.writeHead(200).end(linesOf(2, 4)),
  )
  const indices = []
  for await (const { index } of client.batches.results('batch_1')) indices.push(index)
  expect(indices).toEqual([0, 1, 2, 4])
  const path = 'GET /batches/batch_1/results'
  expect(asked).toEqual([path, `${path}?after=1`, `${path}?after=1`, `${path}?after=1`])
})

test('results go on behind the one that the caller has', async () => {
  const { client, asked } = await start((_request, response) => void response.writeHead(200).end())
  expect(await Array.fromAsync(client.batches.results('batch_1', { after: 6 }))).toEqual([])
  expect(asked).toEqual(['GET /batches/batch_1/results?after=6'])
})

test('results of a batch that is not there are an error', async () => {
  const { client } = await start((_request, response) => {
    const head = { 'Content-Type': 'application/problem+json' }
    response.writeHead(404, head).end('{"status":404,"code":"batch_not_found"}')
  })
  await expect(Array.fromAsync(client.batches.results('batch_1'))).rejects.toThrow(ForemanError)
})

test('batches are listed page by page, read and cancelled', async () => {
  const { client, asked } = await start(
    json({ batches: [{ id: 'b' }, { id: 'a' }], has_more: true }),
    json({ batches: [{ id: '0' }], has_more: false }),
    json({ id: 'a' }),
  )
  const listed = await Array.fromAsync(client.batches.list({ pageSize: 2 }))
  expect(listed.map(({ id }) => id)).toEqual(['b', 'a', '0'])
  await client.batches.get('a')
  await client.batches.cancel('a/b')
  expect(asked).toEqual([
    'GET /batches?limit=2',
    'GET /batches?limit=2&before=a',
    'GET /batches/a',
    'DELETE /batches/a%2Fb',
  ])
})

test('results can be had as foreman has sent them', async () => {
  const line = '{"index":0,"id":"job_0","result":{"seed":12345678901234567890}}'
  const { client } = await start((_request, response) => void response.writeHead(200).end(`\n${line}\n`))
  const lines = await Array.fromAsync(client.batches.resultLines('batch_1'))
  expect(lines.map(each => each.line)).toEqual([line])
})

test('lines are submitted as they are, and again until foreman has room', async () => {
  const bodies: string[] = []
  const keep: RequestListener = (request, response) => {
    request.on('data', (piece: Buffer) => bodies.push(piece.toString()))
    request.on('end', () => {
      bodies.push(String(request.headers['idempotency-key']))
      if (bodies.length < 3) response.writeHead(503, { 'Retry-After': '0' }).end()
      else json({ batch: 'b', count: 1, jobs: [] })(request, response)
    })
  }
  const { client } = await start(keep)
  const lines = Buffer.from('{"request":{"seed":1.0}}\n')
  expect(await client.batches.submitLines(lines, { idempotencyKey: 'k' })).toMatchObject({ batch: 'b' })
  expect(bodies).toEqual([lines.toString(), 'k', lines.toString(), 'k'])
})
