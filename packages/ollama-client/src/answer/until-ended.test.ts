import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { openExchange } from '../exchange.ts'
import { endpointAt } from '../testing/answers.ts'
import { serveRaw } from '../testing/serve.ts'
import { checkAnswer } from './check.ts'
import { untilEnded } from './until-ended.ts'

type Ending = (socket: Socket) => void

const endings: Record<string, Ending> = {
  'is reset': socket => socket.resetAndDestroy(),
  'closes without its last chunk': socket => socket.end(),
  'stays open, silent': () => undefined,
  'goes on with blanks': socket => {
    const blanks = setInterval(() => socket.write('1\r\n\n\r\n'), 50)
    socket.on('close', () => clearInterval(blanks))
  },
  'goes on with what is no HTTP': socket => socket.write('oh\r\n'),
}

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** Asks a server whose answer has this one chunk, and whose connection then ends in its own way. */
const ask = async (contentType: string, body: string, ending: Ending) => {
  const closed = Promise.withResolvers<void>()
  const url = await serveRaw(socket => {
    socket.on('close', closed.resolve)
    const head = `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nTransfer-Encoding: chunked\r\n\r\n`
    socket.write(head + chunk(body), () => setTimeout(ending, 50, socket))
  })
  return { exchange: await openExchange({ url, method: 'GET', path: '/' }), closed: closed.promise }
}

const read = async (path: string, contentType: string, body: string, ending: Ending) => {
  const { exchange, closed } = await ask(contentType, body, ending)
  const check = checkAnswer(exchange.headers, endpointAt(path))
  const chunks: Buffer[] = []
  for await (const piece of untilEnded(exchange.body, check)) chunks.push(piece)
  await closed
  return { text: Buffer.concat(chunks).toString().trim(), verdict: check.verdict() }
}

const whole: [path: string, contentType: string, body: string][] = [
  ['/api/chat', 'application/x-ndjson', '{"done":false}\n{"done":true}\n'],
  ['/api/generate', 'application/x-ndjson', '{"done":true}'],
  ['/api/chat', 'application/json', '{"message":{"content":"}"},"done":true,"total_duration":1}'],
  ['/v1/chat/completions', 'text/event-stream', 'data: {"choices":[]}\n\ndata: [DONE]\n\n'],
  ['/v1/chat/completions', 'application/json', '{"choices":[{}]}'],
  ['/v1/completions', 'text/event-stream', 'data: [DONE]\n\n'],
  ['/v1/messages', 'text/event-stream', 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
  ['/v1/responses', 'text/event-stream', 'data: {"type":"response.incomplete"}\n\n'],
]

describe.concurrent.each(Object.keys(endings))('a connection that %s', how => {
  const isSlow = how === 'stays open, silent' || how === 'goes on with blanks'
  test.each(isSlow ? whole.slice(0, 3) : whole)(
    'does not matter behind the whole answer of %s as %s',
    async (...answer) => {
      const [, , body] = answer
      expect(await read(...answer, endings[how]!)).toEqual({ text: body.trim(), verdict: 'whole' })
    },
  )

  test("does not matter behind the target's own error", async () => {
    const answer = await read('/api/chat', 'application/x-ndjson', '{"error":"oh"}\n', endings[how]!)
    expect(answer).toMatchObject({ verdict: 'own_error' })
  })
})

describe('an answer that has not ended', () => {
  test.each<[path: string, contentType: string, body: string]>([
    ['/api/chat', 'application/x-ndjson', '{"done":false}\n'],
    ['/api/chat', 'application/x-ndjson', '{"done":true}\n{"do'],
    ['/api/chat', 'application/json', '{"message":{},"done":false}'],
    ['/api/chat', 'application/json', '{"message":{"done":true}'],
    ['/v1/chat/completions', 'text/event-stream', 'data: {"choices":[]}\n\n'],
    ['/v1/chat/completions', 'application/json', '{"choices":[{}]'],
    ['/v1/chat/completions', 'text/html', '{}'],
  ])('fails with its connection (%s as %s: %s)', async (...answer) => {
    await expect(read(...answer, endings['is reset']!)).rejects.toThrow('broke off')
  })

  test('is waited for, however long its target is silent', async () => {
    const late: Ending = socket =>
      void setTimeout(() => socket.end(`${chunk('{"done":true}\n')}0\r\n\r\n`), 1_800)
    expect(await read('/api/chat', 'application/x-ndjson', '{"done":false}\n', late)).toEqual({
      text: '{"done":false}\n{"done":true}',
      verdict: 'whole',
    })
  })

  test('may bring another piece within a second of one that seemed to be the last', async () => {
    const late: Ending = socket =>
      void setTimeout(() => socket.end(`${chunk('{"done":true,"b":2}\n')}0\r\n\r\n`), 400)
    expect(await read('/api/chat', 'application/x-ndjson', '{"done":true}\n', late)).toEqual({
      text: '{"done":true}\n{"done":true,"b":2}',
      verdict: 'whole',
    })
  })
})

test('a reader that takes long over the last piece gets what follows it', async () => {
  const { exchange } = await ask('application/x-ndjson', '{"done":true}', socket => socket.write(chunk('\n')))
  const chunks: string[] = []
  for await (const piece of untilEnded(
    exchange.body,
    checkAnswer(exchange.headers, endpointAt('/api/chat')),
  )) {
    chunks.push(piece.toString())
    await new Promise(resolve => setTimeout(resolve, 1_500))
  }
  expect(chunks).toEqual(['{"done":true}', '\n'])
})
