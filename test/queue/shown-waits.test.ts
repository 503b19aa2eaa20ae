import Anthropic from '@anthropic-ai/sdk'
import { startSim } from '@foreman/ollama-sim'
import { listJobs } from '@foreman/store/testing'
import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman, type Variables } from '../harness/foreman.ts'
import { endless, startJobs } from '../harness/jobs.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
const WORDS = '1st in line for plain; no worker is running'
const THOUGHT = '1st in line for think; no worker is running\n'

/** A foreman whose callers wait until `go` is called. */
const withWaiting = async (variables: Variables = {}) => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const foreman = await startForeman({ target: sim.url, variables, worker: false })
  return { sim, foreman, go: () => void foreman.startWorker() }
}

const showing = (place: string) => ({ 'X-Foreman-Show-Wait': place })

/** Without what differs from run to run. */
const masked = (text: string): string =>
  text
    .replaceAll(/"(created_at|completed_at)":("[^"]*"|\d+)/g, '"$1":0')
    .replaceAll(/"created":\d+/g, '"created":0')
    .replaceAll(/"\w*_duration":\d+,?/g, '')
    .replaceAll(/"(id|item_id)":"[^"]*"/g, '"$1":""')

const streams = [
  ['/api/chat', { model: 'plain', messages }],
  ['/api/generate', { model: 'plain', prompt: 'hi' }],
  ['/v1/chat/completions', { model: 'plain', messages, stream: true }],
  ['/v1/messages', { model: 'plain', messages, max_tokens: 32, stream: true }],
] as const

/** Places that a stream of the path has. */
const shown = [
  ['/api/chat', 'thinking'],
  ['/api/generate', 'thinking'],
  ['/v1/chat/completions', 'status'],
  ['/v1/chat/completions', 'thinking'],
] as const

describe('a stream that asks for it', () => {
  test.each(shown)(
    'of %s shows its wait as %s, and behind that the bytes of the target',
    async (path, place) => {
      const { sim, foreman, go } = await withWaiting()
      const [, body] = streams.find(([each]) => each === path)!
      const direct = await post(sim.url, path, body)
      let heard = ''
      const {
        status,
        headers,
        body: bytes,
      } = await send(foreman.url, {
        path,
        headers: showing(place),
        body: JSON.stringify(body),
        onPiece: piece => {
          if (heard === '') go()
          heard += piece.toString()
        },
      })
      expect([status, headers['content-type']]).toEqual([200, direct.headers['content-type']])
      expect(headers['x-foreman-queue-position']).toBe('0')
      const text = bytes.toString()
      expect(text.split('1st in line')).toHaveLength(2)
      expect(text.split('"hidden":true')).toHaveLength(place === 'status' ? 2 : 1)
      expect(masked(text).endsWith(masked(direct.text))).toBe(true)
    },
  )

  test('is shown other words when they have changed, and then the answer', async () => {
    const { foreman, sim, ask, submit } = await startJobs({ sim: { tokensPerSecond: 50 } })
    const blocker = await submit(endless)
    await until(() => sim.inFlight === 1)
    const before = await submit({ request: { model: 'plain', prompt: 'hi' } })
    const words: string[] = []
    const client = new OpenAI({
      baseURL: `${foreman.url}/v1`,
      apiKey: 'any',
      defaultHeaders: showing('status'),
    })
    const stream = await client.chat.completions.create({ model: 'plain', messages, stream: true })
    for await (const chunk of stream) {
      const { event } = chunk as unknown as { event?: { data: { description: string } } }
      if (event && words.push(event.data.description) === 1) await ask('DELETE', `/jobs/${before.id}`)
      if (words.length === 2) await ask('DELETE', `/jobs/${blocker.id}`)
    }
    expect(words[0]).toMatch(/^2nd in line for plain.*; alpha:latest has its turn$/)
    expect(words[1]).toMatch(/^1st in line for plain.*; alpha:latest has its turn$/)
    expect(words.at(-1)).toBe('')
  })

  test('is told of an error behind its words', async () => {
    const { foreman, go } = await withWaiting()
    const body = JSON.stringify({ model: 'embed', messages, stream: true })
    const {
      status,
      body: bytes,
      complete,
    } = await send(foreman.url, {
      path: '/v1/chat/completions',
      headers: showing('status'),
      body,
      onPiece: () => go(),
    })
    expect([status, complete]).toEqual([200, false])
    expect(bytes.toString()).toMatch(
      /"done":false.*\n\ndata: .*"done":true,"hidden":true.*\n\ndata: \{"error":\{"message":"\\"embed\\" does not support chat"/,
    )
  })
})

describe('a client', () => {
  test('openai passes over status events', async () => {
    const { foreman, go } = await withWaiting()
    const client = new OpenAI({
      baseURL: `${foreman.url}/v1`,
      apiKey: 'any',
      defaultHeaders: showing('status'),
    })
    const events: unknown[] = []
    const stream = client.chat.completions.stream({ model: 'plain', messages })
    stream.on('chunk', chunk => {
      if ('event' in chunk && events.push(chunk.event) === 1) go()
    })
    const { choices } = await stream.finalChatCompletion()
    expect(choices[0]!.message.content).toBe('Hello there, friend!')
    expect(events).toEqual([
      { type: 'status', data: { description: WORDS, done: false } },
      { type: 'status', data: { description: '', done: true, hidden: true } },
    ])
  })

  test('openai has the words in front of the reasoning', async () => {
    const { foreman, go } = await withWaiting()
    const client = new OpenAI({
      baseURL: `${foreman.url}/v1`,
      apiKey: 'any',
      defaultHeaders: showing('thinking'),
    })
    const said = { reasoning: '', content: '' }
    const stream = await client.chat.completions.create({ model: 'think', messages, stream: true })
    for await (const { choices } of stream) {
      const { content, reasoning } = choices[0]!.delta as { content?: string; reasoning?: string }
      if (said.reasoning === '') go()
      said.reasoning += reasoning ?? ''
      said.content += content ?? ''
    }
    expect(said).toEqual({ reasoning: `${THOUGHT}Let me see…`, content: 'The answer is 42' })
  })

  test('ollama has them in front of the thinking', async () => {
    const { foreman, go } = await withWaiting()
    const client = new Ollama({ host: foreman.url, headers: showing('thinking') })
    const said = { thinking: '', content: '' }
    for await (const { message } of await client.chat({ model: 'think', messages, stream: true })) {
      if (said.thinking === '') go()
      said.thinking += message.thinking ?? ''
      said.content += message.content
    }
    expect(said).toEqual({ thinking: `${THOUGHT}Let me see…`, content: 'The answer is 42' })
  })

  const connect = (url: string) =>
    new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0, defaultHeaders: showing('thinking') })
  const tools = [{ name: 'get_weather', input_schema: { type: 'object' as const } }]
  const first = { type: 'thinking', signature: '' }

  test.each([
    [
      'think',
      [
        { ...first, thinking: THOUGHT },
        { type: 'thinking', thinking: 'Let me see…' },
        { type: 'text', text: 'The answer is 42' },
      ],
    ],
    [
      'tools',
      [
        { ...first, thinking: THOUGHT.replace('think', 'tools') },
        { type: 'tool_use', name: 'get_weather', input: { city: 'Paris' } },
      ],
    ],
  ])('@anthropic-ai/sdk has them as a block before those of %s', async (model, content) => {
    const { foreman, go } = await withWaiting()
    const stream = connect(foreman.url).messages.stream({
      model,
      messages,
      max_tokens: 32,
      ...(model === 'tools' && { tools }),
    })
    stream.on('thinking', () => go())
    const message = await stream.finalMessage()
    expect(message.content).toMatchObject(content)
    expect(message.content).toHaveLength(content.length)
    expect(message.model).toBe(model)
    expect(message.stop_reason).toBe(model === 'tools' ? 'tool_use' : 'end_turn')
    expect(message.usage.output_tokens).toBeGreaterThan(0)
  })

  test('@anthropic-ai/sdk has the events of one message, and those of the target with the next index', async () => {
    const { sim, foreman, go } = await withWaiting()
    const body = { model: 'think', messages, max_tokens: 32, stream: true as const }
    const eventsOf = async (url: string, onEvent = () => undefined as void) => {
      const events: Anthropic.MessageStreamEvent[] = []
      for await (const event of await connect(url).messages.create(body)) {
        events.push(event)
        onEvent()
      }
      return events
    }
    const direct = await eventsOf(sim.url)
    const events = await eventsOf(foreman.url, go)
    expect(events.slice(0, 4)).toMatchObject([
      { type: 'message_start', message: { model: 'think', content: [], usage: { input_tokens: 0 } } },
      { type: 'content_block_start', index: 0 },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: THOUGHT } },
      { type: 'content_block_stop', index: 0 },
    ])
    expect(events.slice(4)).toEqual(
      direct.slice(1).map(event => ('index' in event ? { ...event, index: event.index + 1 } : event)),
    )
  })

  test('@anthropic-ai/sdk is told of an error behind them', async () => {
    const { sim, foreman, go } = await withWaiting({ FOREMAN_MAX_ATTEMPTS: '1' })
    sim.fault({ kind: 'die', path: '/v1/messages' })
    const stream = connect(foreman.url).messages.stream({ model: 'plain', messages, max_tokens: 32 })
    stream.on('thinking', () => go())
    await expect(stream.finalMessage()).rejects.toThrow(/the connection to the target broke off/)
  })
})

test('what was shown is no part of the answer that is kept', async () => {
  const { sim, foreman, go } = await withWaiting()
  const body = { model: 'think', messages, max_tokens: 32, stream: true }
  const direct = await post(sim.url, '/v1/messages', body)
  const answer = await send(foreman.url, {
    path: '/v1/messages',
    headers: showing('thinking'),
    body: JSON.stringify(body),
    onPiece: () => go(),
  })
  expect(answer.body.toString()).toContain('in line')
  const id = String(answer.headers['x-foreman-job-id'])
  const job = await send(foreman.url, { method: 'GET', path: `/jobs/${id}` })
  const kept = await send(foreman.url, { method: 'GET', path: `/jobs/${id}/stream` })
  expect(JSON.parse(job.body.toString())).toMatchObject({
    state: 'succeeded',
    result: { content: [{ type: 'thinking', thinking: 'Let me see…' }, { type: 'text' }] },
  })
  expect(job.body.toString()).not.toContain('in line')
  expect(masked(kept.body.toString())).toBe(masked(direct.text))
})

/** Requests without the header, or to which it means nothing. */
const others: readonly (readonly [path: string, body: object, headers: Record<string, string>])[] = [
  ...streams.map(([path, body]) => [path, body, {}] as const),
  ...streams.map(([path, body]) => [path, body, showing('off')] as const),
  ...streams.map(([path, body]) => [path, { ...body, stream: false }, showing('thinking')] as const),
  ['/api/chat', streams[0][1], showing('status')],
  ['/v1/completions', { model: 'plain', prompt: 'hi', stream: true }, showing('thinking')],
  ['/v1/responses', { model: 'plain', input: 'hi', stream: true }, showing('status')],
]

test('a caller that has not asked for it gets the bytes that it always got, and no earlier', async () => {
  const { sim, foreman, go } = await withWaiting()
  let isHeard = false
  const answers = others.map(([path, body, headers]) =>
    send(foreman.url, {
      path,
      headers,
      body: JSON.stringify(body),
      onPiece: () => (isHeard = true),
    }),
  )
  await until(async () => (await foreman.store.records.queued()) === others.length)
  let wasHeard: boolean | undefined
  // When one that has asked is shown its wait, all others would have been, too.
  await send(foreman.url, {
    path: '/api/chat',
    headers: showing('thinking'),
    body: JSON.stringify(streams[0][1]),
    onPiece: () => {
      wasHeard ??= isHeard
      go()
    },
  })
  expect(wasHeard).toBe(false)
  for (const [at, [path, body]] of others.entries()) {
    const direct = await post(sim.url, path, body)
    const { status, headers, body: bytes } = await answers[at]!
    expect([path, status, masked(bytes.toString())]).toEqual([path, 200, masked(direct.text)])
    expect(headers['content-type']).toBe(direct.headers['content-type'])
    expect(headers['x-accel-buffering']).toBeUndefined()
  }
})

describe('who asks', () => {
  const variables = { FOREMAN_TOKENS: 'chat-ui:one,ann:two', FOREMAN_SHOW_WAIT: 'chat-ui=status' }
  const body = JSON.stringify({ model: 'plain', messages, stream: true })

  test('may be a token, and a header of the request wins', async () => {
    const { foreman, go } = await withWaiting(variables)
    const ask = (token: string, headers = {}) =>
      send(foreman.url, {
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${token}`, ...headers },
        body,
      })
    const answers = [ask('one'), ask('one', showing('thinking')), ask('one', showing('off')), ask('two')]
    await until(async () => (await listJobs(foreman.store, { state: 'queued' })).length === answers.length)
    const last = send(foreman.url, {
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer two', ...showing('status') },
      body,
      onPiece: () => go(),
    })
    await last
    const texts = (await Promise.all(answers)).map(answer => answer.body.toString())
    expect(texts.map(text => [text.includes('"status"'), text.includes('"reasoning"')])).toEqual([
      [true, false],
      [false, true],
      [false, false],
      [false, false],
    ])
  })

  test.each([
    ['/api/chat', { error: expect.any(String) as string }],
    ['/v1/chat/completions', { error: { type: 'invalid_request_error' } }],
    ['/v1/messages', { type: 'error', error: { type: 'invalid_request_error' } }],
  ])('in another way is refused on %s in its dialect', async (path, error) => {
    const { foreman } = await withWaiting()
    const request = JSON.stringify({ model: 'plain', messages, max_tokens: 9 })
    const answer = await send(foreman.url, { path, headers: showing('yes'), body: request })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body.toString())).toMatchObject(error)
    expect(answer.body.toString()).toContain('X-Foreman-Show-Wait must be status, thinking or off')
  })
})
