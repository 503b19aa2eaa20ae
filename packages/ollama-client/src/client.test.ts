import type { IncomingMessage, ServerResponse } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { OllamaClient, type OllamaClientOptions } from './client.ts'
import { type Recording, recording } from './testing/recording.ts'
import { replay } from './testing/replay.ts'
import { serve, serveRaw } from './testing/serve.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )

const all = async <T>(lines: AsyncIterable<T>): Promise<T[]> => {
  const seen: T[] = []
  for await (const line of lines) seen.push(line)
  return seen
}

/** A client whose server answers `{}` to every request, and the requests that it got. */
const recorder = async (options: Omit<OllamaClientOptions, 'url'> = {}) => {
  const sent: { line: string; headers: string[]; body: unknown }[] = []
  const url = await serve((request, response) => {
    void text(request).then(body => {
      const headers = request.rawHeaders.slice(2, -2)
      sent.push({ line: `${request.method} ${request.url}`, headers, body: body && JSON.parse(body) })
      response.end('{}')
    })
  })
  return { client: new OllamaClient({ url, ...options }), sent }
}

const expectRefusal = async (recorded: Recording, status: number, message: string): Promise<void> => {
  const client = new OllamaClient({ url: await replay(recorded) })
  const body = recorded.response.chunks[0]!.text
  const expected = { code: 'ERR_OLLAMA_HTTP', status, message, body }
  expect(await failure(client.chat({ model: 'nope', messages }))).toMatchObject(expected)
  expect(await failure(all(client.chat({ model: 'nope', messages, stream: true })))).toMatchObject(expected)
}

const EXPECTED = [
  {
    recorded: '0.24.0',
    version: '0.24.0',
    totalDuration: 62617571,
    firstModelSize: 901001265,
    embeddingMaximum: 19.558401107788086,
  },
  {
    recorded: '0.33.0',
    version: '0.33.0-rc2',
    totalDuration: 3787709,
    firstModelSize: 901001141,
    embeddingMaximum: 0.5773502588272095,
  },
] as const

describe.each(EXPECTED)('answers recorded with Ollama $recorded', expected => {
  const clientOf = async (name: string): Promise<OllamaClient> =>
    new OllamaClient({ url: await replay(recording(name, expected.recorded)) })

  test('chat reads a reply', async () => {
    const reply = await (await clientOf('chat')).chat({ model: 'plain', messages })
    expect(reply).toMatchObject({
      message: { role: 'assistant', content: 'Hello there, friend!' },
      done_reason: 'stop',
    })
    expect(reply.total_duration).toBe(expected.totalDuration)
  })

  test('chat yields the lines of a stream', async () => {
    const chunks = await all((await clientOf('chat-stream')).chat({ model: 'plain', messages, stream: true }))
    expect(chunks.map(chunk => chunk.message.content)).toEqual(['Hello', ' there', ',', ' friend', '!', ''])
    expect(chunks.map(chunk => chunk.done)).toEqual([false, false, false, false, false, true])
  })

  test('generate reads a reply and yields the lines of a stream', async () => {
    const reply = await (await clientOf('generate')).generate({ model: 'plain', prompt: 'hi' })
    expect(reply.response).toBe('Hello there, friend!')
    const chunks = await all(
      (await clientOf('generate-stream')).generate({ model: 'plain', prompt: 'hi', stream: true }),
    )
    expect(chunks.map(chunk => chunk.response).join('')).toBe('Hello there, friend!')
  })

  test('chat yields thoughts and tool calls', async () => {
    const thinking = await all(
      (await clientOf('chat-think-stream')).chat({ model: 'think', messages, stream: true }),
    )
    expect(thinking.some(chunk => chunk.message.thinking)).toBe(true)
    const calls = await all(
      (await clientOf('chat-tools-stream')).chat({ model: 'tools', messages, stream: true }),
    )
    expect(calls.flatMap(chunk => chunk.message.tool_calls ?? [])).toMatchObject([
      { function: { name: 'get_weather', arguments: { city: 'Paris' } } },
    ])
  })

  test('chat yields characters that other readers take for line ends', async () => {
    const chunks = await all(
      (await clientOf('chat-unicode-stream')).chat({ model: 'unicode', messages, stream: true }),
    )
    const content = chunks.map(chunk => chunk.message.content).join('')
    expect(content).toContain('\u2028')
    expect(content).toContain('<b>&')
  })

  test('generate yields one line for a load with `stream: true`', async () => {
    const chunks = await all(
      (await clientOf('generate-load-stream')).generate({ model: 'plain', stream: true }),
    )
    expect(chunks).toMatchObject([{ done: true, done_reason: 'load' }])
  })

  test('embed and embeddings read vectors', async () => {
    const many = await (await clientOf('embed-many')).embed({ model: 'embed', input: ['a', 'b'] })
    expect(many.embeddings.length).toBeGreaterThan(1)
    expect((await (await clientOf('embed-empty')).embed({ model: 'embed', input: '' })).embeddings).toEqual(
      [],
    )
    const { embedding } = await (await clientOf('embeddings')).embeddings({ model: 'embed', prompt: 'hi' })
    expect(Math.max(...embedding)).toBe(expected.embeddingMaximum)
  })

  test('version, tags, ps and show read what the server says about itself and its models', async () => {
    expect(await (await clientOf('version')).version()).toEqual({ version: expected.version })
    expect((await (await clientOf('tags')).tags()).models[0]).toMatchObject({
      name: 'gamma:latest',
      size: expected.firstModelSize,
    })
    expect((await (await clientOf('ps-one')).ps()).models).toMatchObject([
      { name: 'plain:latest', context_length: 4096 },
    ])
    expect((await (await clientOf('ps-empty')).ps()).models).toEqual([])
    const show = await (await clientOf('show')).show({ model: 'plain' })
    expect(show.model_info['general.architecture']).toBe('llama')
  })

  test.each([
    ['chat-missing-model', 404, "model 'nope' not found"],
    ['chat-keep-alive-bad', 400, 'time: missing unit in duration "5"'],
    ['v1-chat-missing', 404, "model 'nope' not found"],
    ['unknown-path', 404, 'Not Found'],
  ])('the refusal %s is an HTTPError, with and without a stream', async (name, status, message) => {
    await expectRefusal(recording(name, expected.recorded), status, message)
  })
})

describe('failures recorded with Ollama 0.24.0', () => {
  const faultyClient = async (name: string): Promise<OllamaClient> =>
    new OllamaClient({ url: await replay(recording(name)) })

  test.each([
    ['faults/server-busy', 503, 'server busy, please try again.  maximum pending requests exceeded'],
    [
      'faults/runner-killed-no-stream',
      500,
      'an error was encountered while running the model: unexpected EOF',
    ],
  ])('the error %s is an HTTPError, with and without a stream', async (name, status, message) => {
    await expectRefusal(recording(name), status, message)
  })

  test('when the model process dies during a stream, a StreamError follows the lines that arrived', async () => {
    const client = await faultyClient('faults/runner-killed-mid-stream')
    const seen: string[] = []
    const read = async () => {
      for await (const chunk of client.generate({ model: 'alpha', prompt: 'hi', stream: true }))
        seen.push(chunk.response)
    }
    expect(await failure(read())).toMatchObject({
      code: 'ERR_OLLAMA_STREAM',
      message: 'an error was encountered while running the model: unexpected EOF',
    })
    expect(seen).toHaveLength(14)
  })

  test('when the server dies during a stream, a ConnectionError follows the lines that arrived', async () => {
    const client = await faultyClient('faults/server-killed-mid-stream')
    const seen: string[] = []
    const read = async () => {
      for await (const chunk of client.generate({ model: 'alpha', prompt: 'hi', stream: true }))
        seen.push(chunk.response)
    }
    expect(await failure(read())).toMatchObject({
      code: 'ERR_OLLAMA_CONNECTION',
      connected: true,
      anyByte: true,
    })
    expect(seen).toHaveLength(12)
  })
})

describe('the client sends', () => {
  test('the route and the body of each method', async () => {
    const { client, sent } = await recorder()
    await client.chat({ model: 'm', messages, keep_alive: '5m' })
    await client.generate({ model: 'm', prompt: 'p', options: { num_ctx: 512 } })
    await client.embed({ model: 'm', input: ['a'] })
    await client.embeddings({ model: 'm', prompt: 'p' })
    await client.show({ model: 'm' })
    await client.tags()
    await client.ps()
    await client.version()
    expect(sent.map(({ line, body }) => [line, body])).toEqual([
      ['POST /api/chat', { model: 'm', messages, keep_alive: '5m', stream: false }],
      ['POST /api/generate', { model: 'm', prompt: 'p', options: { num_ctx: 512 }, stream: false }],
      ['POST /api/embed', { model: 'm', input: ['a'] }],
      ['POST /api/embeddings', { model: 'm', prompt: 'p' }],
      ['POST /api/show', { model: 'm' }],
      ['GET /api/tags', ''],
      ['GET /api/ps', ''],
      ['GET /api/version', ''],
    ])
    expect(sent[0]!.headers.slice(0, 2)).toEqual(['Content-Type', 'application/json'])
    expect(sent[5]!.headers).toEqual([])
  })

  test('the requests that load and unload models, embedders included', async () => {
    const { client, sent } = await recorder()
    await client.load('m', { keepAlive: -1, options: { num_ctx: 512 } })
    await client.load('m')
    await client.load('e', { embedder: true, keepAlive: '1h' })
    await client.unload('m')
    expect(sent.map(({ line, body }) => [line, body])).toEqual([
      ['POST /api/generate', { model: 'm', stream: false, keep_alive: -1, options: { num_ctx: 512 } }],
      ['POST /api/generate', { model: 'm', stream: false }],
      ['POST /api/embed', { model: 'e', input: '', keep_alive: '1h' }],
      ['POST /api/generate', { model: 'm', stream: false, keep_alive: 0 }],
    ])
  })

  test('the token instead of any other authorization, and its own headers', async () => {
    const { client, sent } = await recorder({
      token: 't',
      headers: { 'X-A': 'own', authorization: 'Basic own' },
    })
    await client.version()
    const { body } = await client.open('GET', '/x', [
      ['x-a', 'given'],
      ['AUTHORIZATION', 'Basic given'],
    ])
    await text(body)
    expect(sent.map(({ headers }) => headers)).toEqual([
      ['X-A', 'own', 'Authorization', 'Bearer t'],
      ['x-a', 'given', 'Authorization', 'Bearer t'],
    ])
  })

  test('a line of Via behind those that the request has', async () => {
    const { client, sent } = await recorder({ via: 'gateway-1' })
    await client.version()
    await text((await client.open('GET', '/x', { via: '1.0 proxy' })).body)
    expect(sent.map(({ headers }) => headers)).toEqual([
      ['Via', '1.1 gateway-1'],
      ['via', '1.0 proxy', 'Via', '1.1 gateway-1'],
    ])
  })

  test('a given authorization if there is no token', async () => {
    const { client, sent } = await recorder({ token: '' })
    await text((await client.open('GET', '/x', { authorization: 'Basic given' })).body)
    expect(sent[0]!.headers).toEqual(['authorization', 'Basic given'])
  })

  test('raw requests, and passes on their answer with its bytes and its status', async () => {
    const url = await serve((request, response) => {
      void json(request).then(body => response.writeHead(418, { 'X-A': 'b' }).end(JSON.stringify(body)))
    })
    const exchange = await new OllamaClient({ url }).open(
      'DELETE',
      '/api/%64elete',
      [],
      Buffer.from('{"a":1}'),
    )
    expect(exchange.status).toBe(418)
    expect(exchange.headers[0]).toEqual(['X-A', 'b'])
    expect(await text(exchange.body)).toBe('{"a":1}')
  })
})

describe('a stream', () => {
  const ndjson = (response: ServerResponse, ...lines: string[]) => {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
    for (const line of lines) response.write(line)
  }
  const streamOf = async (listener: (request: IncomingMessage, response: ServerResponse) => void) =>
    new OllamaClient({ url: await serve(listener) }).generate({ model: 'm', prompt: 'p', stream: true })

  test('yields each line before the server sends the next one', async () => {
    let next: (() => void) | undefined
    const stream = await streamOf((_, response) => {
      ndjson(response, '{"response":"a"}\n')
      next = () => void response.end('{"response":"b","done":true}')
    })
    expect((await stream.next()).value).toEqual({ response: 'a' })
    next!()
    expect((await stream.next()).value).toEqual({ response: 'b', done: true })
    expect((await stream.next()).done).toBe(true)
  })

  test('fails if it ends without `done: true`', async () => {
    const stream = await streamOf((_, response) => {
      ndjson(response, '{"response":"a","done":false}\n')
      response.end()
    })
    await stream.next()
    expect(await failure(stream.next())).toMatchObject({
      code: 'ERR_OLLAMA_STREAM',
      message: 'the stream ended before the answer was done',
    })
  })

  test.each(['5', '[1]', 'null', '"x"'])(
    'with the line %s fails or goes on, and never takes that line for the end',
    async line => {
      const stream = await streamOf((_, response) => {
        ndjson(response, `${line}\n`)
        response.end()
      })
      expect(await failure(all(stream))).toMatchObject({ code: 'ERR_OLLAMA_STREAM' })
    },
  )

  test('does not fail if the connection breaks off after `done: true`', async () => {
    const url = await serveRaw(socket => {
      const line = '{"response":"","done":true}\n'
      socket.end(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${line.length.toString(16)}\r\n${line}\r\n`,
      )
    })
    const stream = new OllamaClient({ url }).generate({ model: 'm', stream: true })
    expect(await all(stream)).toEqual([{ response: '', done: true }])
  })

  test('closes its connection if the loop is left early', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const stream = await streamOf((_, response) => {
      response.on('close', resolve)
      ndjson(response, '{"response":"a"}\n')
    })
    for await (const _ of stream) break
    await closed
  })

  test('fails with the reason of an abort and closes its connection', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const url = await serve((_, response) => {
      response.on('close', resolve)
      ndjson(response, '{"response":"a"}\n')
    })
    const controller = new AbortController()
    const client = new OllamaClient({ url })
    const stream = client.generate({ model: 'm', prompt: 'p', stream: true }, { signal: controller.signal })
    await stream.next()
    controller.abort()
    expect(await failure(stream.next())).toBe(controller.signal.reason)
    await closed
  })

  test('sends no request if nobody reads it', async () => {
    let requests = 0
    await streamOf(() => (requests += 1))
    await streamOf((_, response) => response.end('{"done":true}')).then(all)
    expect(requests).toBe(0)
  })
})

describe('a non-streaming answer', () => {
  test('fails when its signal aborts', async () => {
    const controller = new AbortController()
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const url = await serve((_, response) => {
      response.on('close', resolve)
      controller.abort()
    })
    const reply = new OllamaClient({ url }).embed({ model: 'm', input: 'x' }, { signal: controller.signal })
    expect(await failure(reply)).toBe(controller.signal.reason)
    await closed
  })

  test.each([
    ['{"error":"too late for a status"}', 'too late for a status'],
    ['<html>', 'the answer is not JSON'],
    ['', 'the answer is not JSON'],
  ])('with status 200 and the body %s is an error', async (body, message) => {
    const url = await serve((_, response) => response.end(body))
    expect(await failure(new OllamaClient({ url }).tags())).toMatchObject({
      code: 'ERR_OLLAMA_STREAM',
      message,
    })
  })

  test('may have spaces around its JSON', async () => {
    const url = await serve((_, response) => response.end('   {"version":"1"}  '))
    expect(await new OllamaClient({ url }).version()).toEqual({ version: '1' })
  })
})
