import { startSim } from '@foreman/ollama-sim'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { until } from '../harness/until.ts'

const messages = [{ role: 'user', content: 'hi' }]
const WORDS = 'Hello there, friend!'

/** A foreman whose callers wait until `go` is called, with a heartbeat every 20 ms. */
const withWaiting = async (variables: Record<string, string> = {}) => {
  const sim = await startSim({ tokensPerSecond: 50 })
  onTestFinished(() => sim.close())
  const foreman = await startForeman({
    target: sim.url,
    worker: false,
    variables: { FOREMAN_HEARTBEAT: '20ms', FOREMAN_HOLD: '20ms', FOREMAN_MAX_ATTEMPTS: '1', ...variables },
  })
  const ask = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const request = { method: 'POST', body: JSON.stringify(body), headers }
    const response = await fetch(`${foreman.url}${path}`, request)
    return (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())
  }
  return { sim, ask, go: () => foreman.startWorker() }
}

/** The lines of a text, each as soon as it has ended. */
const linesOf = async function* (chunks: AsyncIterable<string>): AsyncGenerator<string, void> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

/** What of a line says something to a client that passes over everything else. */
const saidIn = (line: string): string => {
  const piece = JSON.parse(line.replace(/^data: /, '')) as {
    message?: { content: string }
    choices?: { delta?: { content?: string }; text?: string }[]
  }
  const choice = piece.choices?.[0]
  return piece.message?.content ?? choice?.delta?.content ?? choice?.text ?? ''
}

describe('a client that', () => {
  test('takes each chunk for one JSON value, as genkit does, hears values only while it waits', async () => {
    const { ask, go } = await withWaiting()
    const values: unknown[] = []
    for await (const chunk of await ask('/api/chat', { model: 'plain', messages })) {
      // Pieces of the answer can arrive in one read, with and without foreman.
      for (const part of chunk.trimEnd().split('\n')) values.push(JSON.parse(part))
      if (values.length === 5) go()
    }
    expect(values.length).toBeGreaterThan(10)
  })

  test.each([
    ['/v1/chat/completions', { messages }],
    ['/v1/completions', { prompt: 'hi' }],
  ])(
    'gives up after 300 lines that are no data, as go-openai does at %s, has an event for each heartbeat',
    async (path, fields) => {
      const { ask, go } = await withWaiting({ FOREMAN_HEARTBEAT: '2ms' })
      let [events, empty, mostEmpty, said] = [0, 0, 0, '']
      for await (const line of linesOf(await ask(path, { model: 'plain', stream: true, ...fields }))) {
        if (!line.startsWith('data:')) mostEmpty = Math.max(mostEmpty, ++empty)
        else {
          empty = 0
          if (++events === 310) go()
          if (line !== 'data: [DONE]') said += saidIn(line)
        }
      }
      expect([events > 310, mostEmpty, said]).toEqual([true, 1, WORDS])
    },
  )

  test('gives each event a time, and passes over those that it does not know, as codex does, waits', async () => {
    const { ask, go } = await withWaiting()
    const types: string[] = []
    let longestMs = 0
    let heardAt = performance.now()
    for await (const line of linesOf(
      await ask('/v1/responses', { model: 'plain', input: 'hi', stream: true }),
    )) {
      if (!line.startsWith('data:')) continue
      longestMs = Math.max(longestMs, performance.now() - heardAt)
      heardAt = performance.now()
      types.push((JSON.parse(line.slice('data:'.length)) as { type: string }).type)
      if (types.length === 20) go()
    }
    expect(longestMs).toBeLessThan(5_000)
    expect(new Set(types.slice(0, 20))).toEqual(new Set(['response.in_progress']))
    expect(types.filter(type => type === 'response.created')).toHaveLength(1)
    expect(types.at(-1)).toBe('response.completed')
  })

  test.each([
    ['/api/chat', { messages }],
    ['/v1/chat/completions', { messages, stream: true }],
    ['/v1/messages', { messages, max_tokens: 9, stream: true }],
  ])('gives each piece of %s a time, waits', async (path, fields) => {
    const { ask, go } = await withWaiting()
    let [pieces, longestMs, heardAt] = [0, 0, performance.now()]
    for await (const line of linesOf(await ask(path, { model: 'plain', ...fields }))) {
      if (!/^(data:|\{)/.test(line)) continue
      longestMs = Math.max(longestMs, performance.now() - heardAt)
      heardAt = performance.now()
      if (++pieces === 20) go()
    }
    expect(pieces).toBeGreaterThan(20)
    expect(longestMs).toBeLessThan(5_000)
  })

  test('reports an error only when its stream has ended, as codex does, has the text of the error', async () => {
    const { sim, ask, go } = await withWaiting()
    sim.fault({ kind: 'die' })
    const body = { model: 'plain', input: 'hi', stream: true }
    let [waits, failure]: [boolean, string | undefined] = [true, undefined]
    for await (const line of linesOf(
      await ask('/v1/responses', body, { 'User-Agent': 'codex_exec/0.169.0' }),
    )) {
      if (waits) go()
      waits = false
      if (!line.startsWith('data:')) continue
      const event = JSON.parse(line.slice('data:'.length)) as { response?: { error?: { message: string } } }
      failure = event.response?.error?.message
    }
    expect(failure).toBe('the connection to the target broke off (ECONNRESET)')
  })

  test.each([
    ['/api/chat', { messages, stream: false }],
    ['/api/generate', { prompt: 'hi', stream: false }],
    ['/v1/chat/completions', { messages }],
    ['/v1/completions', { prompt: 'hi' }],
    ['/v1/responses', { input: 'hi' }],
    ['/v1/messages', { messages, max_tokens: 9 }],
  ])(
    'decodes the first JSON value and no more, as Go and Spring AI do, gets none from a late failure of %s',
    async (path, body) => {
      const { sim, ask, go } = await withWaiting()
      sim.fault({ kind: 'die' })
      let text = ''
      const reading = (async () => {
        for await (const chunk of await ask(path, { model: 'plain', ...body })) text += chunk
      })()
      await until(() => text.length >= 3)
      go()
      await expect(reading).rejects.toThrow('terminated')
      expect(text).toMatch(/^ +\{.*the connection to the target broke off/)
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
    },
  )

  test.each([
    ['/api/chat', { model: 'plain', messages }],
    ['/v1/chat/completions', { model: 'plain', messages, stream: true }],
  ])(
    'leaves out what it does not know in %s does not take a broken answer for a short one',
    async (path, body) => {
      const { sim, ask, go } = await withWaiting()
      sim.fault({ kind: 'die', afterChunks: 2 })
      go()
      let said = ''
      const reading = (async () => {
        for await (const line of linesOf(await ask(path, body))) if (line !== '') said += saidIn(line)
      })()
      await expect(reading).rejects.toThrow('terminated')
      expect(WORDS.startsWith(said)).toBe(true)
    },
  )
})
