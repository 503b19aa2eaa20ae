import { once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { endEarly } from './end-early.ts'

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n'

/** Connects to a server that answers before it reads, and sends the beginning of a request. */
const callEarly = async (head = HEAD) => {
  const url = await serve((request, response) => {
    response.write('early')
    endEarly(request, response)
  })
  const socket = net.connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.write(`${head}\r\n0123456789`)
  return socket
}

test('a caller that sends the rest of its request keeps its connection', async () => {
  const socket = await callEarly()
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 [^]*early/)
  socket.write('x'.repeat(30))
  expect(String(await once(socket, 'data'))).toBe('0\r\n\r\n')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 /)
})

test.each([
  ['keeps its connection open', HEAD],
  ['asks for its connection to be closed', `${HEAD}Connection: close\r\n`],
])('a caller that %s and sends nothing more has its answer and an end within a second', async (_, head) => {
  const socket = await callEarly(head)
  const askedAt = performance.now()
  expect(await text(socket)).toContain('early')
  expect(performance.now() - askedAt).toBeLessThan(2_000)
})

test('an answer without a body is sent before the rest of the request comes', async () => {
  const url = await serve((request, response) => {
    response.writeHead(403, { 'Content-Length': 0 })
    endEarly(request, response)
  })
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write(`${HEAD}Connection: close\r\n\r\n0123456789`)
  expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 403 /)
  socket.write('x'.repeat(30))
  await once(socket, 'end')
})

test('a caller that reads only after it has sent everything, for more than a second, gets its answer', async () => {
  const socket = await callEarly()
  for (let sent = 0; sent < 30; sent++) {
    await delay(50)
    socket.write('x')
  }
  expect(await text(socket)).toMatch(/early[^]*0\r\n\r\n$/)
})
