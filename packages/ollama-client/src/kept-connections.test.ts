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
  return { url, sockets, requests, ask }
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
