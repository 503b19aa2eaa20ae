import { startSim } from '@foreman/ollama-sim'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman, type Variables } from '../harness/foreman.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const simulate = async (options: Parameters<typeof startSim>[0] = {}) => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  return sim
}

const messages = [{ role: 'user', content: 'hi' }]
const streamed = [
  [
    '/api/chat',
    { model: 'plain', messages },
    /^\{"model":"plain","created_at":"[^"]+","message":\{.*"content":""\},"done":false\}\n$/,
  ],
  [
    '/api/generate',
    { model: 'plain', prompt: 'hi' },
    /^\{"model":"plain","created_at":"[^"]+","response":"","done":false\}\n$/,
  ],
  [
    '/v1/chat/completions',
    { model: 'plain', messages, stream: true },
    /^data: \{.*"delta":\{"content":""\},"finish_reason":null\}\]\}\n\n$/,
  ],
  [
    '/v1/completions',
    { model: 'plain', prompt: 'hi', stream: true },
    /^data: \{.*"text":"","finish_reason":null\}\]\}\n\n$/,
  ],
  [
    '/v1/responses',
    { model: 'plain', input: 'hi', stream: true },
    /^event: response\.in_progress\n.*"resp_job_.*\n\n$/,
  ],
  [
    '/v1/messages',
    { model: 'plain', messages, max_tokens: 32, stream: true },
    /^event: ping\ndata: \{"type":"ping"\}\n\n$/,
  ],
] as const
const whole = streamed.map(([path, body]) => [path, { ...body, stream: false }] as const)

const quick: Variables = { FOREMAN_HEARTBEAT: '40ms', FOREMAN_HOLD: '80ms' }

/** A foreman whose callers wait until `go` is called. */
const withWaiting = async (variables: Variables = quick) => {
  const sim = await simulate()
  const foreman = await startForeman({ target: sim.url, variables, worker: false })
  return { sim, foreman, go: () => foreman.startWorker() }
}

describe('a caller that waits', () => {
  test.each(streamed)(
    'for the pieces of %s hears from foreman, and then has them all',
    async (path, body, heartbeat) => {
      const { sim, foreman, go } = await withWaiting()
      const direct = await post(sim.url, path, body)
      const heard: string[] = []
      const answer = send(foreman.url, {
        path,
        body: JSON.stringify(body),
        onPiece: piece => {
          if (!heartbeat.test(piece.toString())) return
          if (heard.push(piece.toString()) === 3) go()
        },
      })
      const { status, headers, body: bytes } = await answer
      expect(heard.length).toBeGreaterThanOrEqual(3)
      expect(status).toBe(200)
      expect(headers['content-type']).toBe(direct.headers['content-type'])
      expect(headers['x-accel-buffering']).toBe('no')
      const text = bytes.toString()
      const padding = heard.join('')
      expect(text.startsWith(padding)).toBe(true)
      expect(masked(text.slice(padding.length))).toBe(masked(direct.text))
    },
  )

  test.each(whole)(
    'for the whole answer of %s has its status in time, and then a JSON value',
    async (path, body) => {
      const { sim, foreman, go } = await withWaiting()
      const direct = await post(sim.url, path, body)
      let heard = 0
      const answer = await send(foreman.url, {
        path,
        body: JSON.stringify(body),
        onPiece: piece => {
          if (piece.toString() === ' ' && ++heard === 3) go()
        },
      })
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe(direct.headers['content-type'])
      expect(masked(answer.body.toString().trimStart())).toBe(masked(direct.text))
    },
  )

  test('for a load, which is one object even when pieces are asked for, is not sent pieces', async () => {
    const { foreman, go } = await withWaiting()
    const waiting = post(foreman.url, '/api/generate', { model: 'plain', stream: true, keep_alive: '5m' })
    await until(async () => (await foreman.store.queue.waitingLines()).length === 1)
    go()
    const { headers, text } = await waiting
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(JSON.parse(text)).toMatchObject({ done_reason: 'load' })
  })

  test('in a pause of its stream hears from foreman only between two lines, and not after the last', async () => {
    const sim = await simulate({ tokensPerSecond: 8 })
    const foreman = await startForeman({ target: sim.url, variables: quick })
    const { text } = await post(foreman.url, '/api/chat', { model: 'plain', messages })
    expect(text).toMatch(/"done":true[^\n]*\}\n$/)
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { done: boolean; message: { content: string } })
    expect(lines.map(({ done }) => done)).toEqual([...lines.slice(1).map(() => false), true])
    expect(lines.map(({ message }) => message.content).filter(said => said !== '')).toHaveLength(5)
    expect(lines.length).toBeGreaterThan(9)
  })

  test('is told of a refusal though its status is out already', async () => {
    const { foreman, go } = await withWaiting()
    const stream = post(foreman.url, '/api/chat', { model: 'embed', messages })
    const one = send(foreman.url, {
      path: '/api/chat',
      body: JSON.stringify({ model: 'embed', messages, stream: false }),
    })
    const openai = post(foreman.url, '/v1/chat/completions', { model: 'embed', messages, stream: true })
    await until(async () => (await foreman.store.queue.waitingLines()).length > 0)
    await new Promise(resolve => setTimeout(resolve, 200))
    go()
    expect((await stream).text.split('\n').at(-2)).toBe('{"error":"\\"embed\\" does not support chat"}')
    expect((await stream).complete).toBe(false)
    const cut = await one
    expect([cut.status, cut.complete]).toEqual([200, false])
    expect(JSON.parse(`${cut.body.toString()}}`)).toEqual({ error: '"embed" does not support chat' })
    expect(() => JSON.parse(cut.body.toString()) as unknown).toThrow(SyntaxError)
    expect((await openai).text).toMatch(/data: \{"error":\{"message":"\\"embed\\" does not support chat"/)
    expect((await openai).text).not.toContain('[DONE]')
  })
})

test('a caller of HTTP/1.0 sees an answer that fails behind its status as a reset', async () => {
  const sim = await simulate()
  sim.fault({ kind: 'die', path: '/api/generate' })
  const foreman = await startForeman({
    target: sim.url,
    worker: false,
    variables: { FOREMAN_HOLD: '20ms', FOREMAN_HEARTBEAT: '20ms', FOREMAN_MAX_ATTEMPTS: '1' },
  })
  const body = '{"model":"plain","prompt":"hi","stream":false}'
  const socket = net.connect(Number(new URL(foreman.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let got = ''
  socket.on('data', (piece: Buffer) => (got += piece.toString()))
  const ended = once(socket, 'end')
  socket.write(
    `POST /api/generate HTTP/1.0\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await until(() => got.includes('\r\n\r\n '))
  foreman.startWorker()
  await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\{"error":"the connection to the target broke off/)
})

describe('too many callers', () => {
  test('that wait are refused in Ollama’s words; those whose jobs run do not count', async () => {
    const sim = await simulate({ tokensPerSecond: 5 })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_QUEUED: '1' } })
    const first = post(foreman.url, '/api/chat', { model: 'plain', messages })
    await until(() => sim.inFlight === 1)
    const second = post(foreman.url, '/api/chat', { model: 'plain', messages })
    await until(async () => (await foreman.store.queue.waitingLines()).length === 1)
    const third = await post(foreman.url, '/api/chat', { model: 'plain', messages })
    expect([third.status, third.headers['retry-after']]).toEqual([503, '5'])
    expect(JSON.parse(third.text)).toEqual({
      error: 'server busy, please try again.  maximum pending requests exceeded',
    })
    const anthropic = await post(foreman.url, '/v1/messages', { model: 'plain', messages, max_tokens: 9 })
    expect(JSON.parse(anthropic.text)).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
    expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('a caller that reads nothing', () => {
  test('holds up nobody, costs bounded memory, and is dropped in the end', { timeout: 60_000 }, async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_CALLER_STALL: '500ms' } })
    const { hostname, port } = new URL(foreman.url)
    const body = JSON.stringify({ model: 'story', prompt: 'hi', options: { num_predict: 100_000 } })
    const socket = net.connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    socket.pause()
    const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
    socket.on('error', () => undefined)
    socket.write(
      `POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    await until(() => sim.requests.some(({ path }) => path === '/api/generate'))
    const others = await Promise.all(
      Array.from({ length: 20 }, () => post(foreman.url, '/api/chat', { model: 'plain', messages })),
    )
    expect(others.every(({ text }) => text.includes('"done":true'))).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 700))
    socket.resume()
    await closed
  })
})

describe('a web page', () => {
  test.each([
    ['http://localhost:3000', 200],
    ['https://127.0.0.1', 200],
    ['app://obsidian.md', 200],
    ['http://evil.example', 403],
    ['http://localhost.evil.example', 403],
    ['null', 403],
  ])('of %s gets %i', async (origin, status) => {
    const { foreman } = await withWaiting()
    const answer = await send(foreman.url, { method: 'GET', path: '/api/version', headers: { origin } })
    expect(answer.status).toBe(status)
    expect(answer.headers['access-control-allow-origin']).toBe(status === 200 ? origin : undefined)
  })

  test('may be added to those that may call, reads foreman’s own headers, and needs no token for its pre-flight', async () => {
    const sim = await simulate()
    const variables = { FOREMAN_ORIGINS: 'https://*.example.org', FOREMAN_TOKEN: 'secret' }
    const foreman = await startForeman({ target: sim.url, variables })
    const headers = { origin: 'https://chat.example.org', authorization: 'Bearer secret' }
    const answer = await send(foreman.url, {
      path: '/api/chat',
      headers,
      body: JSON.stringify({ model: 'plain', messages }),
    })
    expect(answer.headers['access-control-allow-origin']).toBe(headers.origin)
    expect(answer.headers['access-control-expose-headers']).toContain('X-Foreman-Job-Id')
    const preflight = await send(foreman.url, {
      method: 'OPTIONS',
      path: '/v1/messages',
      headers: { origin: headers.origin, 'access-control-request-method': 'POST' },
    })
    expect([preflight.status, preflight.headers.allow]).toEqual([204, 'POST'])
  })

  test('that has had its own name rebound to this machine is refused', async () => {
    const { foreman } = await withWaiting()
    const asked = async (host: string) =>
      (await send(foreman.url, { method: 'GET', path: '/api/version', headers: { host } })).status
    expect(await asked('evil.example:8080')).toBe(403)
    expect(await asked('foreman.local')).toBe(200)
    expect(await asked('192.168.1.7:8080')).toBe(200)
  })
})

test('callers that share a connection are answered in their order', async () => {
  const { foreman, go } = await withWaiting()
  go()
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const ask = (model: string) =>
    new Promise<string>((resolve, reject) => {
      const request = http.request(`${foreman.url}/api/chat`, { method: 'POST', agent }, response => {
        let text = ''
        response.on('data', piece => (text += String(piece)))
        response.on('end', () => resolve(text))
      })
      request.on('error', reject)
      request.end(JSON.stringify({ model, messages, stream: false }))
    })
  const answers = await Promise.all([ask('plain'), ask('think'), ask('plain')])
  expect(answers.map(text => (JSON.parse(text) as { model: string }).model)).toEqual([
    'plain',
    'think',
    'plain',
  ])
})

/** Without what differs from run to run. */
const masked = (text: string): string =>
  text
    .replaceAll(/"(created_at|completed_at)":("[^"]*"|\d+)/g, '"$1":0')
    .replaceAll(/"created":\d+/g, '"created":0')
    .replaceAll(/"\w*_duration":\d+,?/g, '')
    .replaceAll(/"(id|item_id)":"[^"]*"/g, '"$1":""')

test('a held status is counted from the beginning, whatever becomes of the job meanwhile', async () => {
  const sim = await simulate({ loadMs: 3_000 })
  const foreman = await startForeman({ target: sim.url, worker: false, variables: { FOREMAN_HOLD: '2s' } })
  const sentAt = performance.now()
  const waiting = fetch(`${foreman.url}/api/chat`, {
    method: 'POST',
    body: JSON.stringify({ model: 'plain', messages, stream: false }),
  })
  await until(() => performance.now() - sentAt > 1_000)
  const workerAt = performance.now()
  foreman.startWorker()
  const response = await waiting
  // Counted from the start of the job, it would come later.
  expect(performance.now() - workerAt).toBeLessThan(2_000)
  expect(await response.json()).toMatchObject({ done: true })
})

test('requests that are sent without waiting for answers are answered in their order', async () => {
  const { foreman, go } = await withWaiting()
  go()
  const { hostname, port } = new URL(foreman.url)
  const request = (model: string, connection: string) => {
    const body = JSON.stringify({ model, messages, stream: false })
    return `POST /api/chat HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  const socket = net.connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.on('data', piece => (text += piece.toString()))
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  socket.write(request('think', 'keep-alive') + request('plain', 'close'))
  await closed
  expect([...text.matchAll(/"model":"(\w+)"/g)].map(([, model]) => model)).toEqual(['think', 'plain'])
})
