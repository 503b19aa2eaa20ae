import express from 'express'
import { once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from './server.ts'

const answering = (answer: (response: express.Response) => void): express.Express =>
  express().use((_request, response) => answer(response))

const start = async (app = answering(response => response.end('answered'))) => {
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    const closed = server.stopAccepting()
    server.cutConnections()
    await closed
  })
  return server
}

const connect = async (url: string): Promise<net.Socket> => {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  onTestFinished(() => void socket.destroy())
  return socket
}

test('a CONNECT request is refused with 405', async () => {
  const { url } = await start()
  const socket = await connect(url)
  socket.write('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/)
})

test('a caller that sends CONNECT and disconnects at once does not disturb others', async () => {
  const { url } = await start()
  for (let round = 0; round < 5; round++) {
    const socket = await connect(url)
    socket.write('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n')
    await new Promise(resolve => setImmediate(resolve))
    socket.resetAndDestroy()
  }
  expect(await (await fetch(url)).text()).toBe('answered')
})

test('a caller that has closed its half of the connection gets its answer', async () => {
  const { url } = await start()
  const socket = await connect(url)
  socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(await text(socket)).toMatch(/\r\n\r\nanswered$/)
})

test.each<[what: string, sent: string, status: string]>([
  ['text that is not HTTP', 'hello there\r\n\r\n', '400 Bad Request'],
  [
    'headers that do not end',
    `GET / HTTP/1.1\r\nX: ${'x'.repeat(1_100_000)}`,
    '431 Request Header Fields Too Large',
  ],
  [
    'two different lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
    '400 Bad Request',
  ],
  [
    'a length together with chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    '400 Bad Request',
  ],
])('%s: the answer is a valid HTTP error', async (_what, sent, status) => {
  const { url } = await start()
  const socket = await connect(url)
  socket.write(sent)
  expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\r\n`))
})

test.each<[what: string, sent: string | Buffer, why: RegExp]>([
  ['a bare line feed', 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', /Missing expected CR after header value/],
  ['only bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n', /Expected CRLF after version/],
  [
    'a doubled length',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
    /Duplicate Content-Length/,
  ],
  [
    'a length together with chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    /Transfer-Encoding can't be present with Content-Length/,
  ],
  [
    'a folded header',
    'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n',
    /Unexpected whitespace after header value/,
  ],
  ['too many headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(1_100_000)}`, /its headers are larger than 1 MB/],
  ['a TLS handshake', Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5]), /this port speaks HTTP, not HTTPS/],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /HTTP\/1\.1, not HTTP\/2/],
])('for %s the body says why', async (_what, sent, why) => {
  const { url } = await start()
  const socket = await connect(url)
  socket.write(sent)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  expect(head).toContain(`Content-Length: ${body.length}`)
  expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(why) as string })
})

test('what cannot be read behind a request whose answer has begun ends the connection, and not with a second head', async () => {
  const socket = await connect((await start(answering(response => response.write('begun')))).url)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const pieces: string[] = []
  socket.on('data', (piece: Buffer) => {
    if (pieces.push(piece.toString()) === 1) socket.write('no HTTP')
  })
  await once(socket, 'close')
  expect(pieces.join('').match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('neither does what cannot be read behind two requests, of which the first is being answered', async () => {
  const app = express().use((request, response) => void (request.url === '/first' && response.write('begun')))
  const socket = await connect((await start(app)).url)
  socket.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  socket.write('no HTTP')
  expect(await text(socket)).not.toContain('HTTP/1.1')
})

test('a request to upgrade is answered as if it had not asked for that', async () => {
  const { url } = await start()
  const socket = await connect(url)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*answered/)
})

test('stopAccepting refuses new connections, and resolves when the last connection is idle', async () => {
  const server = await start()
  const socket = await connect(server.url)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  await server.stopAccepting()
  await expect(fetch(server.url)).rejects.toThrow('fetch failed')
})

test("listening on an address that is taken fails with the system's error", async () => {
  const { url } = await start()
  const port = Number(new URL(url).port)
  await expect(listen(express(), { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('headers of 900 kB are accepted, as Ollama accepts them', async () => {
  const { url } = await start()
  const socket = await connect(url)
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ${'x'.repeat(900_000)}\r\n\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
})

test('an idle connection is kept for minutes, longer than proxies keep theirs', async () => {
  const { url } = await start()
  const answer = await fetch(url)
  expect(Number(/timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThanOrEqual(
    300,
  )
})
