import { bodyOf, recording, serve } from '@foreman/ollama-client/testing'
import fs from 'node:fs'
import http, { type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { send } from '../harness/request.ts'
import { startScriptedTarget } from '../harness/scripted-target.ts'

const answer = '{"model":"a","response":"hi","done":true}'
const generate = { path: '/api/generate', body: '{"model":"alpha:1b","prompt":"x","stream":false}' }
const list = { method: 'GET', path: '/v1/models' }

/** A target that gives this answer to a job and to a request on the direct lane. */
const start = async (respond: (response: ServerResponse) => void) => {
  const asked: http.IncomingMessage[] = []
  const listed = new Map(['tags', 'version', 'ps-empty'].map(name => [recording(name).request.path, name]))
  const target = await serve((request, response) => {
    request.resume().on('end', () => {
      const { url = '' } = request
      const name = listed.get(url)
      if (name !== undefined) return void response.end(bodyOf(recording(name)))
      if (url === '/api/show') return void response.end('{}')
      asked.push(request)
      respond(response)
    })
  })
  return { ...(await startForeman({ target })), target, asked }
}

const lanes = [
  ['queue lane', generate],
  ['direct lane', list],
] as const

test('a job and a caller who says nothing of packed answers ask for answers that are not packed', async () => {
  const { url, asked } = await start(response => {
    response.setHeader('Content-Type', 'application/json').end(answer)
  })
  await send(url, { ...generate, headers: { 'Accept-Encoding': 'gzip' } })
  await send(url, list)
  await send(url, { ...list, headers: { 'Accept-Encoding': 'br' } })
  expect(asked.map(({ headers }) => headers['accept-encoding'])).toEqual(['identity', 'identity', 'br'])
})

test("a job's answer that comes packed all the same is judged, kept and sent unpacked", async () => {
  const { url, asked, store } = await start(response => {
    response.setHeader('Content-Type', 'application/json').setHeader('Content-Encoding', 'gzip')
    response.end(gzipSync(answer))
  })
  const { status, headers, body } = await send(url, generate)
  expect([status, headers['content-encoding'], body.toString()]).toEqual([200, undefined, answer])
  const job = await store.records.byId(String(headers['x-foreman-job-id']))
  expect(job).toMatchObject({ state: 'succeeded', attempt: 1 })
  expect(asked).toHaveLength(1)
})

test("a job's answer that cannot be unpacked is not generated again, and names its coding", async () => {
  const { url, asked, store } = await start(response => {
    response.setHeader('Content-Type', 'application/json').setHeader('Content-Encoding', 'compress')
    response.end('\x1f\x9d')
  })
  const { headers } = await send(url, generate)
  expect(headers['content-encoding']).toBe('compress')
  const job = await store.records.byId(String(headers['x-foreman-job-id']))
  expect(job).toMatchObject({ state: 'failed', errorCode: 'not_an_answer', attempt: 1 })
  expect(asked).toHaveLength(1)
})

test("a job's answer that is not what its Content-Encoding says is not generated again", async () => {
  const { url, asked, store } = await start(response => {
    response.setHeader('Content-Type', 'application/json').setHeader('Content-Encoding', 'gzip').end(answer)
  })
  const { status, headers } = await send(url, generate)
  expect(status).toBe(502)
  const job = await store.records.byId(String(headers['x-foreman-job-id']))
  expect(job).toMatchObject({ state: 'failed', errorCode: 'cut_short', attempt: 1 })
  expect(asked).toHaveLength(1)
})

test.each(lanes)('a head of 900 kB and 3,000 lines passes on the %s', async (_lane, request) => {
  const { url, asked } = await start(response => {
    const lines = Array.from({ length: 3_000 }, (_, i) => [`X-Policy-${i}`, 'p'.repeat(280)])
    response.writeHead(200, [...lines, ['Content-Type', 'application/json']].flat())
    response.end(answer)
  })
  const seen = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const { path, method = 'POST', body } = { method: undefined, body: undefined, ...request }
    const options = { hostname, port, path, method, maxHeaderSize: 1_100_000, agent: false }
    const sent = http.request(options, resolve).on('error', reject)
    sent.maxHeadersCount = 0
    sent.end(body)
  })
  seen.resume()
  expect(seen.statusCode).toBe(200)
  expect(seen.headers['content-type']).toBe('application/json')
  expect(seen.headers['x-policy-2999']).toHaveLength(280)
  expect(asked).toHaveLength(1)
})

describe.each(lanes)('nothing leads a caller past foreman on the %s:', (_lane, request) => {
  test("a redirect under the target's address becomes a path", async () => {
    const foreman = await start(response => {
      response.writeHead(307, { Location: `${foreman.target}/api/chat?a=b` }).end()
    })
    const { status, headers } = await send(foreman.url, request)
    expect([status, headers.location]).toEqual([307, '/api/chat?a=b'])
  })

  test('a redirect to another server is a 502 in the dialect, asked for once', async () => {
    const { url, asked } = await start(response => {
      response.writeHead(307, { Location: 'http://elsewhere.example/api/chat' }).end()
    })
    const { status, headers, body } = await send(url, request)
    expect(status).toBe(502)
    expect(headers.location).toBeUndefined()
    expect(body.toString()).toContain('redirects to another server')
    expect(body.toString()).not.toContain('elsewhere')
    expect(asked).toHaveLength(1)
  })

  test('headers that name addresses', async () => {
    const foreman = await start(response => {
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Location': `${foreman.target}/api/x`,
        Link: '<http://elsewhere.example/>; rel=next',
        Refresh: `5; url=${foreman.target}/api/y`,
        'Set-Cookie': 'a=b; Domain=elsewhere.example',
        'Alt-Svc': 'h2="elsewhere.example:443"',
      })
      response.end(answer)
    })
    const { headers } = await send(foreman.url, request)
    expect(headers).toMatchObject({
      'content-location': '/api/x',
      refresh: '5; url=/api/y',
      'set-cookie': ['a=b'],
    })
    expect(headers).not.toHaveProperty('link')
    expect(headers).not.toHaveProperty('alt-svc')
  })
})

/** The kernel's timer for each open connection that has this port at one end; 02 is the timer of TCP keep-alive. */
const timersAt = (port: string, end: 'local' | 'remote'): string[] => {
  const hex = Number(port).toString(16).toUpperCase().padStart(4, '0')
  return fs
    .readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[3] === '01' && fields[end === 'local' ? 1 : 2]?.endsWith(`:${hex}`))
    .map(fields => fields[5]!.slice(0, 2))
}

test.runIf(fs.existsSync('/proc/net/tcp'))(
  'connections to callers and to the target notice a peer that vanished',
  async () => {
    const target = await startScriptedTarget()
    const { url } = await startForeman({ target: target.url })
    const sent = send(url, generate)
    const response = await target.next()
    expect(timersAt(new URL(url).port, 'local')).toContain('02')
    // On a connection that was used before, the peer takes its time to acknowledge what it got.
    const outgoing = () => new Set(timersAt(new URL(target.url).port, 'remote'))
    await expect.poll(outgoing, { timeout: 10_000, interval: 5 }).toEqual(new Set(['02']))
    response.setHeader('Content-Type', 'application/json').end(answer)
    expect((await sent).status).toBe(200)
  },
)
