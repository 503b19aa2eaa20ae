import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openExchange, type ExchangeRequest } from './exchange.ts'
import { recording } from './testing/recording.ts'
import { replay } from './testing/replay.ts'
import { serve, serveRaw } from './testing/serve.ts'

const get = (url: string, more: Partial<ExchangeRequest> = {}) =>
  openExchange({ url, method: 'GET', path: '/', ...more })
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )

const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('a connection fails before the request is sent when', () => {
  const never = { code: 'ERR_OLLAMA_CONNECTION', connected: false, anyByte: false }

  test('no server listens', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`
    expect(await failure(get(url))).toMatchObject({
      ...never,
      message: expect.stringMatching(`^cannot connect to ${url}: connect ECONNREFUSED`),
      cause: { code: 'ECONNREFUSED' },
    })
  })

  test('the host name has no address', async () => {
    const error = await failure(get('http://nowhere.invalid'))
    expect(error).toMatchObject({ ...never, cause: { syscall: 'getaddrinfo' } })
  })

  test('the server does not speak TLS', async () => {
    const url = await serveRaw(socket => socket.end('what?'))
    expect(await failure(get(url.replace('http:', 'https:')))).toMatchObject(never)
  })

  test('the TLS handshake fails', async () => {
    // The server has no certificate.
    const server = createTlsServer({}).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await failure(get(url))).toMatchObject({ ...never, cause: expect.any(Error) })
  })

  test('no server listens, and the error does not show the credentials of the URL', async () => {
    const error = await failure(get(`http://me:secret@127.0.0.1:${await closedPort()}/`))
    expect((error as Error).message).not.toContain('secret')
  })
})

describe('a connection that breaks off is a ConnectionError when the server has', () => {
  const broken = { code: 'ERR_OLLAMA_CONNECTION', connected: true }

  test.each<[when: string, how: (socket: Socket) => void, anyByte: boolean]>([
    ['closed it before any byte', socket => socket.end(), false],
    ['reset it before any byte', socket => socket.resetAndDestroy(), false],
    ['closed it within the headers', socket => socket.end('HTTP/1.1 200 OK\r\nX-Hal'), true],
    ['answered with something other than HTTP', socket => socket.end('SSH-2.0-OpenSSH\r\n'), true],
    [
      'switched it to another protocol',
      socket => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      true,
    ],
  ])('%s, and there is no answer', async (_, how, anyByte) => {
    const url = await serveRaw(how)
    const error = await failure(openExchange({ url, method: 'POST', path: '/', body: Buffer.from('{}') }))
    expect(error).toMatchObject({ ...broken, anyByte, cause: expect.any(Error) })
  })

  test.each<[when: string, how: (socket: Socket) => void, arrived: string]>([
    ['closed it after the headers', socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'), ''],
    [
      'closed it before the whole length',
      socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab'),
      'ab',
    ],
    [
      'closed it before the last chunk',
      socket => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n'),
      'ab',
    ],
    [
      'closed it within a chunk',
      socket => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab'),
      'ab',
    ],
    [
      'sent an invalid chunk',
      socket => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n')
        setTimeout(() => socket.end('zz\r\n'), 20)
      },
      'ab',
    ],
  ])('%s, and the body fails after the bytes that had arrived', async (_, how, arrived) => {
    const url = await serveRaw(how)
    for (const lateMs of [0, 50]) {
      const { body } = await get(url)
      await new Promise(resolve => setTimeout(resolve, lateMs))
      let seen = ''
      const read = async () => {
        for await (const bytes of body) seen += bytes
      }
      expect(await failure(read())).toMatchObject({ ...broken, anyByte: true, cause: expect.any(Error) })
      expect(seen).toBe(arrived)
    }
  })

  test('reset it during a stream', async () => {
    const url = await serveRaw(socket => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n', () =>
        setTimeout(() => socket.resetAndDestroy(), 20),
      )
    })
    const { body } = await get(url)
    expect(await failure(text(body))).toMatchObject({ ...broken, anyByte: true })
  })

  test('reset it after an answer whose end only the connection marks, while the request is still sent', async () => {
    const upload = new PassThrough()
    const url = await serveRaw(socket => {
      socket.pause()
      socket.write('HTTP/1.1 413 No\r\n\r\ntoo m')
      socket.resetAndDestroy()
      upload.end(Buffer.alloc(100_000))
    })
    upload.write(Buffer.alloc(100_000))
    const { body } = await get(url, { method: 'POST', body: upload })
    expect(await failure(text(body))).toMatchObject(broken)
  })

  test('been killed during a recorded stream', async () => {
    const { body } = await get(await replay(recording('faults/server-killed-mid-stream')))
    expect(await failure(text(body))).toMatchObject({ ...broken, anyByte: true })
  })
})

describe('an abort', () => {
  /** A server that sends nothing after `first`, and the time at which its connection closed. */
  const silent = async (first: string) => {
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
    const { promise: closedAt, resolve: onClosed } = Promise.withResolvers<number>()
    const url = await serveRaw(socket => {
      socket.on('close', () => onClosed(performance.now()))
      if (first) socket.write(first)
      onAsked()
    })
    return { url, asked, closedAt }
  }

  test('before the request sends nothing', async () => {
    let requests = 0
    const url = await serve(() => (requests += 1))
    const reason = new Error('not wanted')
    expect(await failure(get(url, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(requests).toBe(0)
  })

  test('right after the request is sent fails the exchange with the reason', async () => {
    const { url } = await silent('')
    const controller = new AbortController()
    const exchange = get(url, { signal: controller.signal })
    controller.abort()
    expect(await failure(exchange)).toBe(controller.signal.reason)
  })

  test('before the headers fails the exchange and closes the connection', async () => {
    const { url, asked, closedAt } = await silent('')
    const controller = new AbortController()
    const exchange = get(url, { signal: controller.signal })
    await asked
    const abortedAt = performance.now()
    controller.abort()
    expect(await failure(exchange)).toMatchObject({ name: 'AbortError' })
    expect((await closedAt) - abortedAt).toBeLessThan(200)
  })

  test.each(['read', 'unread'])(
    'after the headers fails the body, which is %s, and closes the connection',
    async reading => {
      const { url, closedAt } = await silent(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
      )
      const controller = new AbortController()
      const { body } = await get(url, { signal: controller.signal })
      const failed = once(body, 'error')
      if (reading === 'read') body.resume()
      const abortedAt = performance.now()
      const reason = new Error('enough')
      controller.abort(reason)
      expect(await failed).toEqual([reason])
      expect((await closedAt) - abortedAt).toBeLessThan(200)
    },
  )

  test('that comes before there is a reader fails the body for the later reader', async () => {
    const { url, closedAt } = await silent('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n')
    const controller = new AbortController()
    const { body } = await get(url, { signal: controller.signal })
    controller.abort()
    await closedAt
    expect(await failure(text(body))).toBe(controller.signal.reason)
  })

  test('by a time limit has the error of the time limit', async () => {
    const { url } = await silent('')
    expect(await failure(get(url, { signal: AbortSignal.timeout(20) }))).toMatchObject({
      name: 'TimeoutError',
    })
  })

  test('after the end does nothing, and no listener is left', async () => {
    const url = await serve((_, response) => response.end('ok'))
    const controller = new AbortController()
    let listeners = 0
    const signal = new Proxy(controller.signal, {
      get(target, name) {
        if (name === 'addEventListener') listeners += 1
        if (name === 'removeEventListener') listeners -= 1
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const { body } = await get(url, { signal })
    expect(await text(body)).toBe('ok')
    controller.abort()
    expect(body.errored).toBeNull()
    expect(listeners).toBe(0)
  })

  test('by leaving the loop over the body closes the connection', async () => {
    const { url, closedAt } = await silent('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n')
    const { body } = await get(url)
    const leftAt = performance.now()
    for await (const _ of body) break
    expect((await closedAt) - leftAt).toBeLessThan(200)
  })
})

describe('a request that cannot be sent', () => {
  test.each<[what: string, more: Partial<ExchangeRequest>]>([
    ['an invalid URL', { url: 'nonsense' }],
    ['a protocol other than HTTP', { url: 'ftp://127.0.0.1' }],
    ['a path with a space', { path: '/a b' }],
    ['a header name with a space', { headers: { 'a b': '1' } }],
    ['a header value with a line break', { headers: { a: '1\r\nB: 2' } }],
    ['an invalid method', { method: 'GE T' }],
  ])('%s fails with a TypeError', async (_, more) => {
    expect(await failure(get('http://127.0.0.1:1', more))).toBeInstanceOf(TypeError)
  })

  test('a body that fails makes the exchange fail with the error of the body', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const url = await serve(request => void request.resume().on('error', () => resolve()))
    const body = new PassThrough()
    body.write('half')
    const exchange = openExchange({ url, method: 'POST', path: '/', body })
    const reason = new Error('the disk is gone')
    setTimeout(() => body.destroy(reason), 20)
    expect(await failure(exchange)).toBe(reason)
    await closed
  })

  test('a body that is destroyed before its end makes the exchange fail', async () => {
    const url = await serve(() => {})
    const body = new PassThrough()
    body.write('half')
    const exchange = openExchange({ url, method: 'POST', path: '/', body })
    setTimeout(() => body.destroy(), 20)
    expect(await failure(exchange)).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  test('a body is not destroyed when the server cannot be reached', async () => {
    const body = new PassThrough()
    body.write('half')
    const url = `http://127.0.0.1:${await closedPort()}`
    expect(await failure(openExchange({ url, method: 'POST', path: '/', body }))).toMatchObject({
      connected: false,
    })
    expect(body.destroyed).toBe(false)
  })
})
