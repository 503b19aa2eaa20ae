import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openExchange, type ExchangeRequest } from './exchange.ts'
import { bodyOf, recordings } from './testing/recording.ts'
import { replay } from './testing/replay.ts'
import { serve, serveRaw } from './testing/serve.ts'

/** Sends the request to a server and returns what reached the server. */
const whatArrives = async (request: Omit<ExchangeRequest, 'url'>, prefix = '') => {
  let seen: { method?: string; path?: string; headers: string[]; body: string } | undefined
  const url = await serve((received, response) => {
    void text(received).then(body => {
      seen = { method: received.method!, path: received.url!, headers: received.rawHeaders, body }
      response.end()
    })
  })
  const { body } = await openExchange({ ...request, url: url + prefix })
  await buffer(body)
  return { ...seen!, host: new URL(url).host }
}

describe('openExchange sends', () => {
  test('the given headers in their order and spelling, and adds no others', async () => {
    const headers = [
      ['X-One', '1'],
      ['x-one', '2'],
      ['Accept', 'application/x-ndjson'],
    ] as const
    const seen = await whatArrives({ method: 'GET', path: '/', headers })
    expect(seen.headers).toEqual(['Host', seen.host, ...headers.flat(), 'Connection', 'keep-alive'])
    expect((await whatArrives({ method: 'GET', path: '/', headers: { 'x-a': 'b' } })).headers).toContain(
      'x-a',
    )
  })

  test('a Host that was given', async () => {
    const seen = await whatArrives({ method: 'GET', path: '/', headers: { host: 'elsewhere' } })
    expect(seen.headers).toEqual(['host', 'elsewhere', 'Connection', 'keep-alive'])
  })

  test('neither hop-by-hop headers nor headers that Connection names', async () => {
    const headers = {
      Connection: 'X-Hop, keep-alive',
      'Keep-Alive': 'timeout=5',
      'X-Hop': '1',
      TE: 'trailers',
      'X-End': '1',
    }
    const seen = await whatArrives({ method: 'GET', path: '/', headers })
    expect(seen.headers).toEqual(['Host', seen.host, 'X-End', '1', 'Connection', 'keep-alive'])
  })

  test.each(['/api/%63hat', '/api/chat?x=%7E&y=a|b&z', '/v1/models/a%2Fb', '/a/../b/./c//d', '/?', '/%zz'])(
    'the path exactly as given: %s',
    async path => {
      expect((await whatArrives({ method: 'GET', path })).path).toBe(path)
    },
  )

  test.each(['/ollama', '/ollama/', '/ollama//'])(
    'the path %s of the base URL before the path',
    async prefix => {
      expect((await whatArrives({ method: 'GET', path: '/api/tags' }, prefix)).path).toBe('/ollama/api/tags')
    },
  )

  test('the credentials of the URL, unless there is an Authorization header', async () => {
    let authorization: string | undefined
    const url = new URL(
      await serve((request, response) => {
        authorization = request.headers.authorization
        response.end()
      }),
    )
    url.username = 'me'
    url.password = 'p%40ss'
    await openExchange({ url, method: 'GET', path: '/' })
    expect(authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
    await openExchange({ url, method: 'GET', path: '/', headers: { Authorization: 'Bearer t' } })
    expect(authorization).toBe('Bearer t')
  })

  const framing = (headers: string[]) =>
    headers.filter((_, i) => /^(content-length|transfer-encoding)$/i.test(headers[i - (i % 2)]!))

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s with bytes, and with their length',
    async method => {
      const seen = await whatArrives({
        method,
        path: '/',
        body: Buffer.from('abc'),
        headers: { 'content-length': '99' },
      })
      expect(seen).toMatchObject({ method, body: 'abc' })
      expect(framing(seen.headers)).toEqual(['Content-Length', '3'])
    },
  )

  test.each(['POST', 'DELETE', 'GET'])('%s with a stream, as chunks', async method => {
    const seen = await whatArrives({
      method,
      path: '/',
      body: Readable.from([Buffer.from('ab'), Buffer.from('c')]),
    })
    expect(seen).toMatchObject({ method, body: 'abc' })
    expect(framing(seen.headers)).toEqual(['Transfer-Encoding', 'chunked'])
  })

  test('a stream with its length if Content-Length is given', async () => {
    const body = Readable.from([Buffer.from('abc')])
    const seen = await whatArrives({ method: 'POST', path: '/', body, headers: { 'content-length': '3' } })
    expect(seen.body).toBe('abc')
    expect(framing(seen.headers)).toEqual(['Content-Length', '3'])
  })

  test.each([
    ['GET', []],
    ['DELETE', []],
    ['OPTIONS', []],
    ['POST', ['Content-Length', '0']],
    ['PUT', ['Content-Length', '0']],
  ])(
    '%s without a body, with a Content-Length of 0 only if the method usually has a body',
    async (method, expected) => {
      expect(framing((await whatArrives({ method, path: '/' })).headers)).toEqual(expected)
    },
  )

  test('HEAD without the body that was given', async () => {
    const seen = await whatArrives({ method: 'HEAD', path: '/', body: Buffer.from('abc') })
    expect(seen).toMatchObject({ method: 'HEAD', body: '' })
    expect(framing(seen.headers)).toEqual([])
  })

  test('a streamed body while the answer arrives', async () => {
    const url = await serve((request, response) => void request.pipe(response))
    const upload = new PassThrough()
    upload.write('one')
    const { body } = await openExchange({ url, method: 'POST', path: '/', body: upload })
    expect(String((await once(body, 'data'))[0])).toBe('one')
    upload.end('two')
    expect(await text(body)).toBe('two')
  })

  test('the headers before a streamed body has any bytes', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<IncomingMessage>()
    const url = await serve((request, response) => {
      resolve(request)
      request.resume().on('end', () => response.end('thanks'))
    })
    const upload = new PassThrough()
    const exchange = openExchange({ url, method: 'POST', path: '/', body: upload })
    await arrived
    upload.end()
    expect(await text((await exchange).body)).toBe('thanks')
  })
})

describe('openExchange passes on', () => {
  test('every header line as received, with its order, case and bytes', async () => {
    const lines = [
      'Set-Cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'Vary',
      'Origin',
      'VARY',
      'Accept',
      'X-Latin',
      '\u00e9',
    ]
    const url = await serveRaw(socket => {
      const pairs = lines.flatMap((name, i) => (i % 2 ? [] : [`${name}: ${lines[i + 1]}\r\n`]))
      socket.end(`HTTP/1.1 200 Quite Fine\r\n${pairs.join('')}Content-Length: 2\r\n\r\nok`, 'latin1')
    })
    const { status, statusMessage, headers, body } = await openExchange({ url, method: 'GET', path: '/' })
    expect([status, statusMessage, await text(body)]).toEqual([200, 'Quite Fine', 'ok'])
    expect(headers.flat()).toEqual([...lines, 'Content-Length', '2'])
  })

  test('compressed bytes without decompressing them', async () => {
    const bytes = gzipSync('hello')
    const url = await serve((_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bytes),
    )
    const { headers, body } = await openExchange({ url, method: 'GET', path: '/' })
    expect(headers).toContainEqual(['Content-Encoding', 'gzip'])
    expect((await buffer(body)).equals(bytes)).toBe(true)
  })

  test.each([204, 304])('the end of a %i, which has no body', async status => {
    const url = await serve((_, response) => response.writeHead(status).end())
    const exchange = await openExchange({ url, method: 'POST', path: '/', body: Buffer.from('x') })
    expect([exchange.status, await text(exchange.body)]).toEqual([status, ''])
  })

  test('the end of an answer to HEAD, although it has a Content-Length', async () => {
    const url = await serve((_, response) => response.writeHead(200, { 'Content-Length': '25' }).end())
    const { headers, body } = await openExchange({ url, method: 'HEAD', path: '/' })
    expect(headers).toContainEqual(['Content-Length', '25'])
    expect(await text(body)).toBe('')
  })

  test('the final answer and no informational answer before it', async () => {
    const url = await serveRaw(socket => {
      const before =
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'
      socket.end(`${before}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)
    })
    const { status, headers, body } = await openExchange({ url, method: 'GET', path: '/' })
    expect([status, headers, await text(body)]).toEqual([200, [['Content-Length', '2']], 'ok'])
  })

  test.each([301, 307, 401, 429, 500, 503])(
    'status %i after a single request, without a redirect or a retry',
    async status => {
      let requests = 0
      const url = await serve((_, response) => {
        requests += 1
        response.writeHead(status, { Location: '/elsewhere', 'Retry-After': '0' }).end('body')
      })
      const exchange = await openExchange({ url, method: 'GET', path: '/' })
      expect([exchange.status, await text(exchange.body), requests]).toEqual([status, 'body', 1])
    },
  )

  test('a body that ends when the connection closes', async () => {
    const url = await serveRaw(socket => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))
    const { body } = await openExchange({ url, method: 'GET', path: '/' })
    expect(await text(body)).toBe('all of it')
  })

  test('each chunk before the server sends the next one', async () => {
    let write: ((piece: string) => void) | undefined
    const url = await serve((_, response) => {
      response.flushHeaders()
      write = piece => void response.write(piece)
    })
    const { body } = await openExchange({ url, method: 'GET', path: '/' })
    for (const piece of ['{"a":1}\n', ' ', '{"b":', '2}\n']) {
      write!(piece)
      expect(String((await once(body, 'data'))[0])).toBe(piece)
    }
    body.destroy()
  })

  test('an answer that comes before the request is read, and does not destroy the body of the request', async () => {
    const url = await serve((_, response) => response.writeHead(413).end('too much'))
    const upload = new PassThrough()
    upload.write('x')
    const { status, body } = await openExchange({ url, method: 'POST', path: '/', body: upload })
    expect([status, await text(body)]).toEqual([413, 'too much'])
    await expect.poll(() => body.closed).toBe(true)
    expect(upload.destroyed).toBe(false)
  })

  test.each<[ending: string, end: (socket: Socket) => void]>([
    ['closes the connection', socket => socket.destroy()],
    ['resets the connection', socket => socket.resetAndDestroy()],
  ])('an answer after which the server %s, though the rest of the request is still sent', async (_, end) => {
    const upload = new PassThrough()
    const url = await serveRaw(socket => {
      socket.pause()
      socket.write('HTTP/1.1 413 No\r\nContent-Length: 8\r\n\r\ntoo much')
      end(socket)
      // The client has read nothing of the answer yet, and writes to a connection that is closed.
      upload.write(Buffer.alloc(100_000))
      upload.end()
    })
    upload.write(Buffer.alloc(100_000))
    const { status, body } = await openExchange({ url, method: 'POST', path: '/', body: upload })
    expect([status, await text(body)]).toEqual([413, 'too much'])
  })

  test('no bytes far ahead of the reader', async () => {
    const size = 64 * 2 ** 20
    let written = 0
    const chunk = Buffer.alloc(2 ** 16, 1)
    const url = await serve((_, response) => {
      const source = new Readable({
        read() {
          written += chunk.length
          this.push(written > size ? null : chunk)
        },
      })
      source.pipe(response)
    })
    const { body } = await openExchange({ url, method: 'GET', path: '/' })
    await once(body, 'readable')
    let before = -1
    while (before !== written) {
      before = written
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    // The kernel's socket buffers hold the difference.
    expect(written).toBeLessThan(size / 2)
    expect((await buffer(body)).length).toBe(size)
  })

  test.each(recordings)('the recorded answer $name of $version byte for byte', async recorded => {
    const { method, path, headers, body } = recorded.request
    const url = await replay(recorded)
    const exchange = await openExchange({
      url,
      method,
      path,
      headers,
      body: body === undefined ? body : Buffer.from(body),
    })
    expect(exchange.status).toBe(recorded.response.status)
    expect(exchange.headers).toEqual(recorded.response.headers)
    expect(await text(exchange.body)).toBe(bodyOf(recorded).toString())
  })
})
