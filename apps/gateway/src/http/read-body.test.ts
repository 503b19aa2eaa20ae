import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { BodyMemory } from './body-memory.ts'
import { HalfSentError, withBody } from './read-body.ts'

/** Starts a server that reads one body of at most 1,000 bytes, and connects to it. `result` is what `withBody` did. */
const start = async (memory = new BodyMemory(10_000)) => {
  const { promise, resolve } = Promise.withResolvers<Buffer | Error>()
  const server = http.createServer((request, response) => {
    withBody(request, { maxBytes: 1_000, memory }, async body => body)
      .catch((error: Error) => error)
      .then(result => {
        resolve(result)
        response.end('read')
        request.resume()
      })
      .catch(() => undefined)
  })
  await new Promise<void>(done => void server.listen(0, '127.0.0.1', done))
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  onTestFinished(() => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  const send = (text: string | Buffer) => void socket.write(text)
  return { result: promise, socket, send }
}

const head = (...headers: string[]): string => ['POST / HTTP/1.1', 'Host: a', ...headers, '', ''].join('\r\n')

test('a body is read byte for byte', async () => {
  const { result, send } = await start()
  const body = Buffer.from([0, 255, 10, 13, 128])
  send(head('Content-Length: 5'))
  send(body)
  expect(await result).toEqual(body)
})

test('a body in chunks is read to its end', async () => {
  const { result, send } = await start()
  send(head('Transfer-Encoding: chunked'))
  for (const piece of ['3\r\nabc\r\n', '2\r\nde\r\n', '0\r\n\r\n']) send(piece)
  expect(await result).toEqual(Buffer.from('abcde'))
})

test.each([[[]], [['Content-Length: 0']]])(
  'a request without a body has an empty one (%j)',
  async headers => {
    const { result, send } = await start()
    send(head(...headers))
    expect(await result).toEqual(Buffer.alloc(0))
  },
)

test('a body may be exactly as long as the limit', async () => {
  const { result, send } = await start()
  send(head('Content-Length: 1000'))
  send('x'.repeat(1_000))
  expect(await result).toHaveLength(1_000)
})

test('a body whose Content-Length is above the limit is refused before it arrives', async () => {
  const { result, send } = await start()
  send(head('Content-Length: 1001'))
  expect(await result).toMatchObject({
    name: 'Refusal',
    status: 413,
    message: expect.stringContaining('1000') as string,
  })
})

test('a body without a Content-Length is refused as soon as it is longer than the limit', async () => {
  const { result, send } = await start()
  send(head('Transfer-Encoding: chunked'))
  send(`3e8\r\n${'x'.repeat(1_000)}\r\n`)
  send('1\r\nx\r\n')
  expect(await result).toMatchObject({ name: 'Refusal', status: 413 })
})

test.each<[what: string, headers: string[], sent: string]>([
  ['of known length', ['Content-Length: 10'], 'half'],
  ['in chunks', ['Transfer-Encoding: chunked'], '4\r\nhalf\r\n'],
  ['inside a chunk', ['Transfer-Encoding: chunked'], 'a\r\nhalf'],
])('a body %s whose caller disconnects is a HalfSentError', async (_what, headers, sent) => {
  const { result, send, socket } = await start()
  send(head(...headers) + sent)
  socket.end()
  expect(await result).toBeInstanceOf(HalfSentError)
})

test('a body whose connection is reset is a HalfSentError', async () => {
  const { result, send, socket } = await start()
  send(`${head('Content-Length: 10')}half`)
  // Gives the server time to read the half.
  await new Promise(resolve => setImmediate(resolve))
  socket.resetAndDestroy()
  expect(await result).toBeInstanceOf(HalfSentError)
})

test('a body counts during its upload and while it is used, and no longer', async () => {
  const memory = new BodyMemory(10_000)
  const { result, send, socket } = await start(memory)
  send(`${head('Content-Length: 10')}half`)
  await expect.poll(() => memory.bytes).toBe(4)
  send('second')
  expect(await result).toHaveLength(10)
  expect(memory.bytes).toBe(0)
  socket.destroy()

  const { result: cut, send: sendHalf, socket: leaving } = await start(memory)
  sendHalf(`${head('Content-Length: 10')}half`)
  await expect.poll(() => memory.bytes).toBe(4)
  leaving.end()
  expect(await cut).toBeInstanceOf(HalfSentError)
  expect(memory.bytes).toBe(0)
})

test('of more bodies than fit into memory, the largest upload is refused', async () => {
  const memory = new BodyMemory(1_000, 100)
  const [large, small] = [await start(memory), await start(memory)]
  large.send(head('Content-Length: 1000') + 'x'.repeat(900))
  await expect.poll(() => memory.bytes).toBe(900)
  small.send(head('Content-Length: 200') + 'x'.repeat(200))
  expect(await large.result).toMatchObject({ name: 'Refusal', status: 503, headers: { 'Retry-After': '5' } })
  expect(await small.result).toHaveLength(200)
  expect(memory.bytes).toBe(0)
})

test('a small body is read, even while bodies that have arrived fill the memory', async () => {
  const memory = new BodyMemory(1_000, 100)
  const complete = memory.open(() => undefined)
  complete.add(1_000)
  complete.complete()
  const [small, large] = [await start(memory), await start(memory)]
  small.send(head('Content-Length: 100') + 'x'.repeat(100))
  expect(await small.result).toHaveLength(100)
  large.send(head('Content-Length: 101') + 'x'.repeat(101))
  expect(await large.result).toMatchObject({ status: 503 })
})

test('a body for which the system has no memory is refused', async () => {
  const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow')
  onTestFinished(() => allocate.mockRestore())
  const { result, send } = await start()
  send(`${head('Content-Length: 10')}half`)
  await new Promise(resolve => setTimeout(resolve, 50))
  allocate.mockImplementation(() => {
    throw new RangeError('Array buffer allocation failed')
  })
  send('second')
  expect(await result).toMatchObject({ name: 'Refusal', status: 503, headers: { 'Retry-After': '5' } })
})

test('a body that is alone is read, however little memory there is', async () => {
  const { result, send } = await start(new BodyMemory(10))
  send(head('Content-Length: 1000') + 'x'.repeat(1_000))
  expect(await result).toHaveLength(1_000)
})
