import { buffer, text } from 'node:stream/consumers'
import zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ConnectionError, EncodingError } from '../errors.ts'
import { type Exchange, openExchange } from '../exchange.ts'
import { serve, serveRaw } from '../testing/serve.ts'
import { unpackAnswer } from './unpack.ts'

const said = '{"response":"hello","done":true}\n'

const open = async (url: string): Promise<Exchange> =>
  unpackAnswer(await openExchange({ url, method: 'GET', path: '/' }))

const packed = (encoding: string, body: Buffer) =>
  serve((_request, response) => {
    response.writeHead(200, { 'Content-Encoding': encoding, 'Content-Length': body.byteLength, 'X-A': '1' })
    response.end(body)
  })

test.each<[encoding: string, pack: (plain: string) => Buffer]>([
  ['gzip', zlib.gzipSync],
  ['X-GZIP', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['br', zlib.brotliCompressSync],
  ['zstd', zlib.zstdCompressSync],
  ['identity, gzip', zlib.gzipSync],
  ['gzip, br', plain => zlib.brotliCompressSync(zlib.gzipSync(plain))],
])('an answer in %s is unpacked, and its headers do not mention that', async (encoding, pack) => {
  const { headers, body } = await open(await packed(encoding, pack(said)))
  expect(headers.map(([name]) => name)).toEqual(['X-A', 'Date', 'Connection', 'Keep-Alive'])
  expect(await text(body)).toBe(said)
})

test.each(['compress', 'gzip, compress', 'gzip, gzip, gzip, gzip', '__proto__'])(
  'an answer in %s stays as it is',
  async encoding => {
    const { headers, body } = await open(await packed(encoding, Buffer.from('\x1f\x9d')))
    expect(headers).toContainEqual(['Content-Encoding', encoding])
    expect(await buffer(body)).toEqual(Buffer.from('\x1f\x9d'))
  },
)

test('an answer without a body has none', async () => {
  expect(await text((await open(await packed('gzip', Buffer.alloc(0)))).body)).toBe('')
})

describe('an answer that is not whole', () => {
  const start = zlib.gzipSync(said).subarray(0, -8)
  const head = 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n'

  test('gives what it has, and then ends as it came', async () => {
    const url = await serveRaw(socket => {
      socket.write(`${head}Content-Length: ${start.byteLength}\r\n\r\n`)
      socket.end(start)
    })
    expect(await text((await open(url)).body)).toBe(said)
  })

  test('gives what it has, and then the failure of the connection', async () => {
    const url = await serveRaw(socket => {
      socket.write(`${head}Content-Length: 1000\r\n\r\n`)
      socket.end(start)
    })
    const { body } = await open(url)
    const pieces: Buffer[] = []
    await expect(async () => {
      for await (const piece of body) pieces.push(piece as Buffer)
    }).rejects.toThrow(ConnectionError)
    expect(Buffer.concat(pieces).toString()).toBe(said)
  })

  test('fails when it is something else than it says', async () => {
    const { body } = await open(await packed('gzip', Buffer.from(said)))
    await expect(text(body)).rejects.toThrow(EncodingError)
  })
})

test('each piece of a stream is there when it has arrived', async () => {
  const gzip = zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH })
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' })
    gzip.pipe(response)
    gzip.write('first\n')
  })
  const { body } = await open(url)
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  expect((await pieces.next()).value?.toString()).toBe('first\n')
  gzip.end('second\n')
  expect((await pieces.next()).value?.toString()).toBe('second\n')
  expect((await pieces.next()).done).toBe(true)
})

test('destroying the body closes the connection, although nothing was read', async () => {
  const closed = Promise.withResolvers<void>()
  const url = await serve((_request, response) => {
    response.on('close', () => closed.resolve())
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).flushHeaders()
  })
  const { body } = await open(url)
  body.destroy()
  await closed.promise
})
