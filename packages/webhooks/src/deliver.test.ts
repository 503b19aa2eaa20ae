import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http, { type RequestListener } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { parseAllowList } from './allow-list.ts'
import { deliverer } from './deliver.ts'
import { destinationPolicy } from './destination.ts'
import type { Address } from './look-ups.ts'

const HERE: Address = { address: '127.0.0.1', family: 4 }

/** Listens on this machine for as long as the present test runs. */
const listen = async (server: net.Server): Promise<number> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const receive = async (listener: RequestListener) =>
  `http://127.0.0.1:${await listen(http.createServer(listener))}/x`
const receiveRaw = async (onSocket: (socket: Socket) => void) =>
  `http://127.0.0.1:${await listen(net.createServer(onSocket))}/x`

const allow = parseAllowList('127.0.0.0/8,hooks.example')!
const send = (url: string, deadlineMs = 2_000) =>
  deliverer({ policy: destinationPolicy({ allow }), deadlineMs })({
    url,
    headers: { 'x-a': 'b' },
    body: '{"text":"\u00e9"}',
  })

test('a message arrives as it is, and what is answered is kept', async () => {
  const seen: unknown[] = []
  const url = await receive((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      seen.push(request.method, request.url, request.headers['x-a'], Buffer.concat(pieces).toString())
      response.writeHead(202).end('thanks')
    })
  })
  expect(await send(url)).toEqual({
    kind: 'answered',
    status: 202,
    excerpt: 'thanks',
    durationMs: expect.any(Number),
  })
  expect(seen).toEqual(['POST', '/x', 'b', '{"text":"\u00e9"}'])
})

test('an attempt that is cut off closes its connection at once', async () => {
  const cutOff = new AbortController()
  let hasClosed = false
  const url = await receive(request => {
    request.socket.on('close', () => (hasClosed = true))
    cutOff.abort()
  })
  const deliver = deliverer({ policy: destinationPolicy({ allow }) })
  const message = { url, headers: {}, body: '' }
  expect(await deliver(message, cutOff.signal)).toMatchObject({ kind: 'failed' })
  await expect.poll(() => hasClosed).toBe(true)
  expect(await deliver(message, cutOff.signal)).toMatchObject({ kind: 'failed' })
})

test('a redirect is not followed', async () => {
  let requests = 0
  const url = await receive((_request, response) => {
    requests++
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  expect(await send(url)).toMatchObject({ kind: 'answered', status: 302 })
  expect(requests).toBe(1)
})

test('Retry-After is kept as it came', async () => {
  const url = await receive(
    (_request, response) => void response.writeHead(429, { 'retry-after': '7' }).end(),
  )
  expect(await send(url)).toMatchObject({ status: 429, retryAfter: '7' })
})

describe('a receiver', () => {
  test('that answers without an end is read a little, and then left', async () => {
    let written = 0
    const url = await receive((_request, response) => {
      const piece = Buffer.alloc(64 * 1024, 'x')
      const write = () => {
        while (!response.destroyed && response.write(piece)) written += piece.length
      }
      response.on('drain', write)
      response.writeHead(200)
      write()
    })
    expect(await send(url)).toMatchObject({ kind: 'answered', status: 200, excerpt: 'x'.repeat(1_024) })
    expect(written).toBeLessThan(20 * 1024 * 1024)
  })

  test.each<[what: string, onSocket: (socket: Socket) => void, expected: object]>([
    ['that never answers', () => undefined, { code: 'timeout' }],
    [
      'that stops within the head of its answer',
      socket => socket.write('HTTP/1.1 200 OK\r\nConte'),
      { code: 'timeout' },
    ],
    ['that resets', socket => socket.once('data', () => socket.resetAndDestroy()), { code: 'connection' }],
    ['that closes', socket => socket.once('data', () => socket.destroy()), { code: 'connection' }],
    ['that speaks something else', socket => socket.end('220 mail.example ESMTP\r\n'), { code: 'not_http' }],
    [
      'whose headers have no end',
      socket => {
        socket.write('HTTP/1.1 200 OK\r\n')
        socket.write(`X-A: ${'x'.repeat(100_000)}\r\n`)
      },
      { code: 'not_http' },
    ],
    [
      'that wants another protocol',
      socket => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      { code: 'timeout' },
    ],
  ])('%s is one that failed', async (_what, onSocket, expected) => {
    const url = await receiveRaw(onSocket)
    const outcome = await send(url, 300)
    expect(outcome).toMatchObject({ kind: 'failed', ...expected })
    expect(outcome.durationMs).toBeLessThan(1_500)
  })

  test.each<[what: string, status: string, after: (socket: Socket) => void]>([
    ['never ends', '200 OK', () => undefined],
    ['never ends', '410 Gone', () => undefined],
    ['is reset', '204 No Content', socket => socket.resetAndDestroy()],
    ['breaks off', '200 OK', socket => socket.end()],
    ['is not HTTP', '200 OK\r\nTransfer-Encoding: chunked', socket => socket.write('no chunk\r\n')],
  ])('has answered once its head is there, also if its body %s (%s)', async (_what, status, after) => {
    const url = await receiveRaw(socket => {
      socket.once('data', () => {
        const length = status.includes('chunked') ? '' : 'Content-Length: 1000\r\n'
        socket.write(`HTTP/1.1 ${status}\r\n${length}\r\n`)
        setTimeout(() => after(socket), 20)
      })
    })
    const outcome = await send(url)
    expect(outcome).toMatchObject({ kind: 'answered', status: Number.parseInt(status, 10) })
    expect(outcome.durationMs).toBeLessThan(1_800)
  })

  test('that answers a byte at a time has a second for its body', async () => {
    const url = await receiveRaw(socket => {
      socket.write('HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\n')
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const outcome = await send(url)
    expect(outcome).toMatchObject({ status: 500, excerpt: expect.stringMatching(/^x{10,60}$/) as string })
    expect(outcome.durationMs).toBeLessThan(1_800)
  })

  test('is asked by the kernel whether it is still there, after 15 s', async () => {
    const setKeepAlive = vi.spyOn(net.Socket.prototype, 'setKeepAlive')
    onTestFinished(() => setKeepAlive.mockRestore())
    await send(await receive((_request, response) => void response.end()))
    expect(setKeepAlive).toHaveBeenCalledWith(true, 15_000)
  })

  test('that nobody is', async () => {
    const server = net.createServer()
    const port = await listen(server)
    await new Promise(resolve => server.close(resolve))
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({
      kind: 'failed',
      code: 'connection',
      message: 'the connection failed (ECONNREFUSED)',
    })
  })
})

describe('a name', () => {
  test('is looked up once, and the connection is made to what was checked', async () => {
    const url = await receive((request, response) => void response.end(request.headers.host))
    const { port } = new URL(url)
    const answers: Address[][] = [[HERE], [{ address: '169.254.169.254', family: 4 }]]
    let lookUps = 0
    const policy = destinationPolicy({ allow, resolve: () => Promise.resolve(answers[lookUps++] ?? []) })
    const message = { url: `http://hooks.example:${port}/`, headers: {}, body: '' }
    const deliver = deliverer({ policy })
    expect(await deliver(message)).toMatchObject({ status: 200, excerpt: `hooks.example:${port}` })
    expect(lookUps).toBe(1)
    // The next time it is another, and refused.
    expect(await deliver(message)).toMatchObject({ kind: 'failed', code: 'refused_destination' })
  })

  test('whose look-up takes too long, or fails, is a failure like others', async () => {
    const never = destinationPolicy({ allow, resolve: () => new Promise(() => undefined) })
    const message = { url: 'http://hooks.example/', headers: {}, body: '' }
    expect(await deliverer({ policy: never, deadlineMs: 50 })(message)).toMatchObject({ code: 'timeout' })
    const none = destinationPolicy({ allow, resolve: () => Promise.resolve([]) })
    expect(await deliverer({ policy: none })(message)).toMatchObject({
      code: 'look_up',
      message: 'hooks.example has no address',
    })
  })
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

test.skipIf(!hasOpenssl)(
  'a certificate of your own is trusted where it is named, and nowhere else',
  async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'webhooks-'))
    onTestFinished(() => fs.rmSync(directory, { recursive: true }))
    const [key, certificate] = ['key.pem', 'certificate.pem'].map(name => path.join(directory, name))
    const subject = ['-subj', '/CN=hooks.example', '-addext', 'subjectAltName=DNS:hooks.example']
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ]
    execFileSync('openssl', [...made, ...subject, '-keyout', key!, '-out', certificate!], { stdio: 'ignore' })
    const ca = fs.readFileSync(certificate!, 'utf8')
    const server = https.createServer({ key: fs.readFileSync(key!), cert: ca }, (_request, response) => {
      response.end('secret')
    })
    const port = await listen(server)
    const policy = destinationPolicy({ allow, resolve: () => Promise.resolve([HERE]) })
    const to = (host: string) => ({ url: `https://${host}:${port}/`, headers: {}, body: '' })
    expect(await deliverer({ policy, ca })(to('hooks.example'))).toMatchObject({
      status: 200,
      excerpt: 'secret',
    })
    expect(await deliverer({ policy })(to('hooks.example'))).toMatchObject({ kind: 'failed', code: 'tls' })
    expect(await deliverer({ policy, ca })(to('127.0.0.1'))).toMatchObject({ kind: 'failed', code: 'tls' })
  },
)
