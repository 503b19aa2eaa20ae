import express from 'express'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errorHandler } from './error-handler.ts'
import { listen } from './server.ts'
import { requireWellFormed } from './well-formed.ts'

const END = ['Connection: close', '']

/** Sends lines as they are, and returns the status of the answer. */
const statusOf = async (...lines: string[]): Promise<number> => {
  const app = express()
  app.use(requireWellFormed())
  app.use((request, response) => void request.resume().on('end', () => response.end('passed')))
  app.use(errorHandler({ logger: pino({ level: 'silent' }) }))
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(() => {
    server.cutConnections()
    return server.stopAccepting()
  })
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write([...lines, ''].join('\r\n'))
  return Number((await text(socket)).split(' ')[1])
}

describe('a path', () => {
  test.each([
    '/',
    '/api/chat',
    '/api/chat/',
    '/api/chat?x=//..',
    '/api/%63hat',
    '/v1/models/a.b',
    '/api/blobs/sha256:..x',
  ])('%s is clear', async path => {
    expect(await statusOf(`GET ${path} HTTP/1.1`, 'Host: a', ...END)).toBe(200)
  })

  test.each([
    '//api/chat',
    '/api//chat',
    '/api/chat//',
    '/api/./chat',
    '/api/x/../chat',
    '/api/..',
    '/api/%2e%2e/chat',
    '/api/%2E/chat',
    '/api%2f%2fchat',
    String.raw`/api\chat`,
    '/api%5cchat',
    'http://a//api/chat',
  ])('%s is refused, because servers read it differently', async path => {
    expect(await statusOf(`GET ${path} HTTP/1.1`, 'Host: a', ...END)).toBe(400)
  })
})

describe('headers', () => {
  test('two Host lines are refused, the same name twice as well', async () => {
    expect(await statusOf('GET / HTTP/1.1', 'Host: a', 'Host: b', ...END)).toBe(400)
    expect(await statusOf('GET / HTTP/1.1', 'Host: a', 'host: a', ...END)).toBe(400)
  })

  test('a request of HTTP/1.1 without Host is refused, and one of HTTP/1.0 is not', async () => {
    expect(await statusOf('GET / HTTP/1.1', ...END)).toBe(400)
    expect(await statusOf('GET / HTTP/1.0', ...END)).toBe(200)
  })

  test.each([
    ['chunked', 200],
    ['CHUNKED', 200],
    ['gzip, chunked', 501],
    ['foo', 501],
  ])('the transfer coding %s is answered with %i', async (coding, status) => {
    const lines = ['POST / HTTP/1.1', 'Host: a', `Transfer-Encoding: ${coding}`, 'Connection: close']
    expect(await statusOf(...lines, '', '0', '')).toBe(status)
  })
})
