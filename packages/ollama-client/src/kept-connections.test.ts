import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ExchangeRequest, openExchange } from './exchange.ts'

/** A server that counts its connections and can cut them. */
const startServer = async (listener: RequestListener = (_request, response) => void response.end('ok')) => {
  const sockets: Socket[] = []
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    listener(request, response)
  })
  server.on('connection', socket => sockets.push(socket))
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = async (more: Partial<ExchangeRequest> = {}): Promise<string> => {
    const { body } = await openExchange({ url, method: 'POST', path: '/', body: Buffer.from('{}'), ...more })
    return text(body)
  }
  const stop = () => void server.close()
  return { url, sockets, requests, ask, stop }
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

describe('a connection is kept', () => {
  test('for the requests that follow one after the other', async () => {
    const { sockets, ask } = await startServer()
    for (let count = 0; count < 20; count++) expect(await ask()).toBe('ok')
    expect(sockets).toHaveLength(1)
  })

  test('by an answer that came in chunks', async () => {
    const { sockets, ask } = await startServer((_request, response) => {
      response.write('a')
      setImmediate(() => response.end('b'))
    })
    for (let count = 0; count < 5; count++) expect(await ask()).toBe('ab')
    expect(sockets).toHaveLength(1)
  })

  test.each<
    [why: string, act: (ask: (more?: Partial<ExchangeRequest>) => Promise<string>, url: string) => unknown]
  >([
    [
      'whose answer was not read to its end',
      async (_ask, url) => {
        const { body } = await openExchange({ url, method: 'GET', path: '/long' })
        body.destroy()
      },
    ],
    ['whose request was a stream', ask => ask({ body: Readable.from(['{}']) })],
    [
      'that was aborted',
      async (_ask, url) => {
        const left = new AbortController()
        const { body } = await openExchange({ url, method: 'GET', path: '/long', signal: left.signal })
        left.abort(new Error('gone'))
        await failure(text(body))
      },
    ],
  ])('but not one %s', async (_why, act) => {
    const { url, sockets, ask } = await startServer((request, response) => {
      if (request.url !== '/long') return void response.end('ok')
      response.write('x'.repeat(1_000_000))
    })
    await act(ask, url)
    await ask()
    expect(sockets).toHaveLength(2)
  })
})

describe('a connection that is kept', () => {
  test('is not cut by an answer before, whose reader finishes late', async () => {
    const { url, sockets } = await startServer((request, response) => {
      let length = 0
      request.on('data', (bytes: Buffer) => (length += bytes.length))
      request.on('end', () => setTimeout(() => response.end(`${length}`), 20))
    })
    const slow = await openExchange({ url, method: 'GET', path: '/' })
    const slowText = new Promise<string>(resolve => setTimeout(() => resolve(text(slow.body)), 5))
    await expect.poll(() => slow.body.readableEnded || sockets.length).toBeTruthy()
    const large = openExchange({ url, method: 'POST', path: '/', body: Buffer.alloc(20_000_000) })
    expect(await slowText).toBe('0')
    expect(await text((await large).body)).toBe('20000000')
  })

  test('is closed when its answer has arrived, but its reader leaves before the end', async () => {
    const { url, sockets, ask } = await startServer((request, response) => {
      if (request.url === '/long') response.end('x'.repeat(80_000))
      else response.end('ok')
    })
    const { body } = await openExchange({ url, method: 'GET', path: '/long' })
    await new Promise(resolve => setTimeout(resolve, 50))
    body.destroy()
    expect(await ask()).toBe('ok')
    await expect.poll(() => sockets[0]!.destroyed, { timeout: 5_000 }).toBe(true)
    expect(sockets).toHaveLength(2)
  })
})

test('a request that is sent once more and finds nobody fails as one whose connection broke', async () => {
  const server = await startServer((request, response) => {
    if (request.url !== '/next') return void response.end('ok')
    request.socket.resetAndDestroy()
    server.stop()
  })
  await server.ask()
  const error = await failure(server.ask({ path: '/next' }))
  expect(error).toMatchObject({ code: 'ERR_OLLAMA_CONNECTION', connected: true })
})

test('with a connection of its own, a request is sent once', async () => {
  const { ask, sockets } = await startServer()
  for (let count = 0; count < 3; count++) expect(await ask({ connection: 'fresh' })).toBe('ok')
  expect(sockets).toHaveLength(3)
})

describe('a kept connection that turns out to be dead', () => {
  test.each(['end', 'resetAndDestroy', 'destroy'] as const)(
    'before the request has arrived (%s) is replaced, and the request sent once more',
    async how => {
      let isCut = false
      const server = await startServer((request, response) => {
        if (request.url === '/next' && !isCut) {
          isCut = true
          request.socket[how]()
        } else response.end('ok')
      })
      await server.ask()
      expect(await server.ask({ path: '/next' })).toBe('ok')
      expect(server.requests).toEqual(['/', '/next', '/next'])
      expect(server.sockets).toHaveLength(2)
    },
  )

  test('twice costs the request an error, because the second one was new', async () => {
    const { ask, requests } = await startServer((request, response) => {
      if (request.url === '/next') request.socket.resetAndDestroy()
      else response.end('ok')
    })
    await ask()
    expect(await failure(ask({ path: '/next' }))).toMatchObject({
      code: 'ERR_OLLAMA_CONNECTION',
      connected: true,
    })
    expect(requests).toEqual(['/', '/next', '/next'])
  })

  test('after the first byte of the answer is no reason to send the request again', async () => {
    const { ask, requests } = await startServer((request, response) => {
      if (request.url !== '/next') return void response.end('ok')
      response.write('half')
      setImmediate(() => request.socket.resetAndDestroy())
    })
    await ask()
    expect(await failure(ask({ path: '/next' }))).toMatchObject({ anyByte: true })
    expect(requests).toEqual(['/', '/next'])
  })

  test('after seconds is no reason either: the server may have worked on it', async () => {
    const { ask, requests } = await startServer((request, response) => {
      if (request.url !== '/next') return void response.end('ok')
      setTimeout(() => request.socket.resetAndDestroy(), 2_100)
    })
    await ask()
    expect(await failure(ask({ path: '/next' }))).toMatchObject({ connected: true, anyByte: false })
    expect(requests).toEqual(['/', '/next'])
  })
})

test('a request on a new connection is not sent again', async () => {
  const { ask, requests } = await startServer(request => void request.socket.resetAndDestroy())
  expect(await failure(ask())).toMatchObject({ code: 'ERR_OLLAMA_CONNECTION', anyByte: false })
  expect(requests).toEqual(['/'])
})
