import { serve } from '@foreman/ollama-client/testing'
import http from 'node:http'
import { expect, test } from 'vitest'
import { freePort } from '../../start/target.ts'
import { lookThrough } from './through.ts'

const QUICK = { token: 't', firstEventMs: 400, heartbeatMs: 700, bodyBytes: 2_000_000 }

/** What doctor asks of foreman: an event at once and then heartbeats, refusals, and no page of another origin. */
const foremanLike = (heartbeatMs = 100): Promise<string> =>
  serve((request, response) => {
    const { origin, host, authorization } = request.headers
    const problem = (status: number) =>
      void request
        .resume()
        .on('end', () => response.writeHead(status, { 'content-type': 'application/problem+json' }).end('{}'))
    if (request.url === '/healthz') response.end('{"status":"ok","degraded":false}')
    else if (origin !== undefined && new URL(origin).host !== host) problem(403)
    else if (request.url !== '/queue/events') problem(422)
    else if (authorization !== 'Bearer t') problem(401)
    else {
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .write('event: queue\ndata: {"a":1}\n\n')
      const timer = setInterval(() => response.write(':\n\n'), heartbeatMs)
      response.on('close', () => clearInterval(timer))
    }
  })

interface ProxyFaults {
  readonly buffers?: boolean
  readonly cutsAfterMs?: number
  readonly maxBodyBytes?: number
  readonly host?: string
}

/** A proxy before a server, with these faults. */
const proxyTo = (url: string, { buffers, cutsAfterMs, maxBodyBytes, host }: ProxyFaults): Promise<string> =>
  serve((request, response) => {
    if (maxBodyBytes !== undefined && Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      request.resume()
      response.writeHead(413, { 'content-type': 'text/html' }).end('<h1>413</h1>')
      return
    }
    const headers = { ...request.headers, ...(host !== undefined && { host }) }
    const onward = http.request(url + request.url!, { method: request.method!, headers }, answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      if (buffers) {
        const pieces: Buffer[] = []
        answer.on('data', (piece: Buffer) => pieces.push(piece))
        answer.on('end', () => response.end(Buffer.concat(pieces)))
      } else answer.pipe(response)
      if (cutsAfterMs === undefined) return
      const timer = setTimeout(() => response.destroy(), cutsAfterMs)
      answer.on('data', () => timer.refresh())
      response.on('close', () => clearTimeout(timer))
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })

const seen = { isForeman: true, stream: 'comes', isBodyTaken: true, isHostKept: true }

test.each<[proxy: string, faults: ProxyFaults, expected: object]>([
  ['a good proxy', {}, seen],
  ['one that buffers', { buffers: true }, { ...seen, stream: 'held_back' }],
  ['one that limits bodies', { maxBodyBytes: 1_000_000 }, { ...seen, isBodyTaken: false }],
  ['one with a Host of its own', { host: 'upstream' }, { ...seen, isHostKept: false }],
])('%s', async (_, faults, expected) => {
  const url = await proxyTo(await foremanLike(), faults)
  expect(await lookThrough(url, QUICK)).toMatchObject({ url, ...expected })
})

test('a proxy that cuts silence is seen when it is less patient than foreman has heartbeats', async () => {
  const impatient = { cutsAfterMs: 200 }
  const cut = await lookThrough(await proxyTo(await foremanLike(600), impatient), QUICK)
  expect(cut).toMatchObject({ stream: 'cut', cutAfterMs: expect.closeTo(200, -3) as number })
  expect(await lookThrough(await proxyTo(await foremanLike(50), impatient), QUICK)).toMatchObject(seen)
})

test('without a token that is taken no stream is tried', async () => {
  const facts = await lookThrough(await foremanLike(), { ...QUICK, token: undefined })
  expect(facts).toMatchObject({ isForeman: true, isBodyTaken: true, isHostKept: true })
  expect(facts.stream).toBeUndefined()
})

test('another server, or none, is no foreman', async () => {
  const other = await serve((_request, response) => void response.writeHead(502).end('bad gateway'))
  expect(await lookThrough(other, QUICK)).toMatchObject({
    isForeman: false,
    problem: '/healthz is answered with 502',
  })
  expect(await lookThrough(`http://127.0.0.1:${await freePort()}`, QUICK)).toMatchObject({
    isForeman: false,
    problem: 'ECONNREFUSED',
  })
})
