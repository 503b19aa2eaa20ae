import express from 'express'
import { once } from 'node:events'
import net from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { leaveWhenSilent } from './half-closed.ts'
import { listen } from './server.ts'

const SILENCE_MS = 300

const start = async (answer: (response: express.Response) => void) => {
  const app = express().use((_request, response) => {
    leaveWhenSilent(response, SILENCE_MS)
    answer(response)
  })
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    const closed = server.stopAccepting()
    server.cutConnections()
    await closed
  })
  const socket = net.connect({
    port: Number(new URL(server.url).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  return socket
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

test('a caller that has closed its half, and gets nothing any more, counts as one that has left', async () => {
  const left = Promise.withResolvers<void>()
  const socket = await start(response => response.once('close', () => left.resolve()))
  socket.end(REQUEST)
  await left.promise
})

test('a caller that has closed its half gets an answer whose pieces come in time', async () => {
  const socket = await start(response => {
    let pieces = 0
    const timer = setInterval(() => {
      response.write('piece')
      if (++pieces < 10) return
      clearInterval(timer)
      response.end('last')
    }, SILENCE_MS / 5)
  })
  socket.end(REQUEST)
  let text = ''
  socket.on('data', piece => (text += piece.toString()))
  await once(socket, 'end')
  expect(text).toContain('last')
})

test('a caller that keeps its half open may wait for longer', async () => {
  const socket = await start(response => void setTimeout(() => response.end('last'), 3 * SILENCE_MS))
  socket.write(REQUEST)
  const [piece] = (await once(socket, 'data')) as [Buffer]
  expect(piece.toString()).toContain('last')
})
