import { OllamaClient } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import { unavailableError } from '@foreman/store/testing'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import net from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CallerLeftError, callerLeftSignal } from '../http/caller-left.ts'
import { serve } from '../testing/serve.ts'
import { tempStore } from '../testing/temp-store.ts'
import { forward } from './forward.ts'
import { Target } from './target.ts'

const AWAY = 'http://127.0.0.1:9'

const targetAt = async (url: string) => {
  const store = await tempStore()
  const logger = pino({ level: 'silent' })
  return { store, target: new Target({ client: new OllamaClient({ url }), store, logger, now: () => 1_000 }) }
}

/** When the worker was last asked to check the target. */
const suspectedAt = async ({ target, workers }: Store) => {
  // Nobody waits for that write, but writes take effect in the order of their calls.
  await workers.leave('nobody')
  return (await target.read()).suspectedAt
}

/** A server that forwards every request. `outcome` is what `forward` threw, or undefined. */
const forwardTo = async (
  url: string,
  bodyOf = (request: IncomingMessage): Buffer | IncomingMessage => request,
) => {
  const { store, target } = await targetAt(url)
  const { promise: outcome, resolve } = Promise.withResolvers<unknown>()
  const listener: RequestListener = (request, response) => {
    const options = { target, body: bodyOf(request), signal: callerLeftSignal(response) }
    forward(request, response, options).then(
      () => resolve(undefined),
      (error: unknown) => {
        resolve(error)
        response.destroy()
      },
    )
  }
  return { url: await serve(listener), outcome, store }
}

test('method, path, headers and body reach the target, and its answer comes back unchanged', async () => {
  let seen: unknown
  const target = await serve((request, response) => {
    void text(request).then(body => {
      const { method, url, headers } = request
      seen = { method, url, body, test: headers['x-test'], authorization: headers.authorization }
      response.writeHead(418, 'Teapot', ['X-Twice', 'a', 'X-Twice', 'b', 'Keep-Alive', 'timeout=1'])
      response.end('{"short": true}')
    })
  })
  const { url, outcome } = await forwardTo(target)
  const response = await fetch(`${url}/api/show?x=%7E`, {
    method: 'POST',
    body: 'asked',
    headers: { 'X-Test': '1', Authorization: 'Bearer secret' },
  })
  expect([response.status, response.statusText, await response.text()]).toEqual([
    418,
    'Teapot',
    '{"short": true}',
  ])
  expect(response.headers.get('X-Twice')).toBe('a, b')
  expect(seen).toEqual({ method: 'POST', url: '/api/show?x=%7E', body: 'asked', test: '1' })
  expect(await outcome).toBeUndefined()
})

test('a body that foreman has read is sent instead of the request', async () => {
  const target = await serve((request, response) => void request.pipe(response))
  const { url } = await forwardTo(target, () => Buffer.from('read'))
  expect(await (await fetch(url, { method: 'POST' })).text()).toBe('read')
})

test('the answer is relayed piece by piece', async () => {
  let answer: ServerResponse | undefined
  const target = await serve((_request, response) => {
    answer = response
    response.write('first')
  })
  const { url } = await forwardTo(target)
  const response = await fetch(url)
  const reader = response.body!.getReader()
  expect(Buffer.from((await reader.read()).value).toString()).toBe('first')
  answer!.end('second')
  expect(Buffer.from((await reader.read()).value).toString()).toBe('second')
})

test('an answer that breaks off disconnects the caller', async () => {
  const target = await serve((_request, response) => {
    response.write('half', () => response.destroy())
  })
  const { url, outcome } = await forwardTo(target)
  const response = await fetch(url)
  await expect(response.text()).rejects.toThrow('terminated')
  expect(await outcome).toBeUndefined()
})

test.each(['/api/embed', '/api/embeddings', '/v1/embeddings'])(
  'the caller of %s gets a reply whose JSON is whole, whatever its connection does behind it',
  async path => {
    const target = await serve((_request, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.write('{"embeddings":[[1]]}', () => setTimeout(() => response.destroy(), 50))
    })
    const { url, outcome } = await forwardTo(target)
    const response = await fetch(url + path, { method: 'POST' })
    expect(await response.json()).toEqual({ embeddings: [[1]] })
    expect(await outcome).toBeUndefined()
  },
)

test('the caller of an embedding whose target falls silent behind it waits a second', async () => {
  const target = await serve((_request, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.write('{"embeddings":[[1]]}')
  })
  const { url } = await forwardTo(target)
  expect(await (await fetch(`${url}/api/embed`, { method: 'POST' })).json()).toEqual({ embeddings: [[1]] })
})

test('a caller that leaves before the target answers disconnects the target', async () => {
  const asked = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  const target = await serve((_request, response) => {
    response.on('close', left.resolve)
    asked.resolve()
  })
  const { url, outcome } = await forwardTo(target)
  const caller = new AbortController()
  const answer = fetch(url, { signal: caller.signal })
  await asked.promise
  caller.abort()
  await expect(answer).rejects.toThrow('aborted')
  await left.promise
  expect(await outcome).toBeInstanceOf(CallerLeftError)
})

test.each(['destroy', 'resetAndDestroy'] as const)(
  'an answer that comes before the request is whole is relayed, though the target then closes (%s)',
  async how => {
    const target = await serve((request, response) => {
      response.writeHead(307, { 'Content-Length': 5 }).write('early')
      setTimeout(() => request.socket[how](), 20)
    })
    const { url, outcome } = await forwardTo(target)
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
    socket.write(
      'POST /api/chat/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 8000000\r\n\r\n',
    )
    // Reads nothing before it has sent everything.
    for (let sent = 0; sent < 8_000_000; sent += 100_000) {
      if (!socket.write(Buffer.alloc(100_000))) await once(socket, 'drain')
    }
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 307 [^]*early$/)
    expect(await outcome).toBeUndefined()
  },
)

test('a target that is away is a refusal with 502, and the worker is asked to check it', async () => {
  const { url, outcome, store } = await forwardTo(AWAY)
  await expect(fetch(url)).rejects.toThrow('fetch failed')
  expect(await outcome).toMatchObject({ status: 502, headers: { 'Retry-After': '5' } })
  expect(await suspectedAt(store)).toBe(1_000)
})

const notFound = JSON.stringify({ error: "model 'm' not found" })

test.each<[status: number, body: string, refuses: boolean]>([
  [200, '{}', false],
  [400, notFound, true],
  [404, notFound, true],
  [404, '<html>a proxy lets nobody ask</html>', false],
  [404, '', false],
  [500, notFound, false],
])('a model for which /api/show answers %i with %s is refused: %s', async (status, body, refuses) => {
  const url = await serve((_request, response) => void response.writeHead(status).end(body))
  const { target } = await targetAt(url)
  expect(await target.refusesModel('m')).toBe(refuses)
})

test('no model is refused while the target is away', async () => {
  const { target, store } = await targetAt(AWAY)
  expect(await target.refusesModel('m')).toBe(false)
  expect(await suspectedAt(store)).toBe(1_000)
})

test('it is no error when the worker cannot be asked to check the target', async () => {
  const { target, store } = await targetAt(AWAY)
  const suspect = vi.spyOn(store.target, 'suspect').mockRejectedValue(unavailableError())
  expect(await target.refusesModel('m')).toBe(false)
  expect(suspect).toHaveBeenCalledTimes(1)
  // A rejection that nobody handles would end the process in this turn.
  await setImmediate()
})

test('the worker is asked to check the target again after a second, also when the clock was set back', async () => {
  const store = await tempStore()
  const steady = vi.spyOn(performance, 'now').mockReturnValue(50)
  onTestFinished(() => steady.mockRestore())
  let now = 7_200_000
  const logger = pino({ level: 'silent' })
  const target = new Target({ client: new OllamaClient({ url: AWAY }), store, logger, now: () => now })
  const suspected = async (time: number, steadyTime: number) => {
    now = time
    steady.mockReturnValue(steadyTime)
    await target.refusesModel('m')
    return suspectedAt(store)
  }
  expect(await suspected(7_200_000, 50)).toBe(7_200_000)
  expect(await suspected(3_600_000, 1_049)).toBe(7_200_000)
  expect(await suspected(3_600_001, 1_050)).toBe(3_600_001)
})

test('bytes above 0x7f in headers stay as they are, both ways', async () => {
  let seen: string | undefined
  const target = await serve((request, response) => {
    seen = request.headers['x-name'] as string
    response.writeHead(200, ['X-Name', '\xe9\xff'])
    response.end('{}')
  })
  const { url } = await forwardTo(target)
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX-Name: \xe9\xff\r\nConnection: close\r\n\r\n', 'latin1'),
  )
  expect((await buffer(socket)).toString('latin1')).toContain('X-Name: \xe9\xff\r\n')
  expect(seen).toBe('\xe9\xff')
})

/** A target that answers with these bytes, and goes on with the body for ever. */
const endlessTarget = async (head: string) => {
  const closed = Promise.withResolvers<void>()
  const server = net.createServer(socket => {
    socket.on('error', () => undefined).on('close', closed.resolve)
    socket.once('data', () => socket.write(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, closed: closed.promise }
}

test.each(['HTTP/1.1 000 Odd', 'HTTP/1.1 200 a\x01b'])(
  'the head "%s" cannot be relayed: the caller gets a 502, and the target is disconnected',
  async head => {
    const target = await endlessTarget(head)
    const { url, outcome } = await forwardTo(target.url)
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    expect(await outcome).toMatchObject({ status: 502 })
    await target.closed
  },
)

test('an HTTP/1.0 caller sees an answer that breaks off as a reset', async () => {
  const target = await serve((_request, response) => {
    response.write('half', () => response.destroy())
  })
  const { url } = await forwardTo(target)
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('GET / HTTP/1.0\r\n\r\n')
  await expect(buffer(socket)).rejects.toMatchObject({ code: 'ECONNRESET' })
})
