import { afterEach, describe, expect, test } from 'vitest'
import { startSim, type Sim, type SimOptions } from './index.ts'
import { ask, linesOf, type Asked } from './testing/ask.ts'

let sim: Sim
afterEach(() => sim.close())

const start = async (options: SimOptions = {}) => {
  sim = await startSim(options)
}

const chat = (fields: object = {}): Asked => ({
  path: '/api/chat',
  body: { model: 'plain', messages: [{ role: 'user', content: 'hi' }], ...fields },
})

const said = (lines: Record<string, unknown>[]) =>
  lines.map(line => (line['message'] as { content: string }).content).join('')

describe('starting and stopping', () => {
  test('listens again on the same port after it was closed, and has forgotten what was loaded', async () => {
    await start()
    await ask(sim, chat())
    const { port } = sim
    await sim.close()
    await start({ port })
    expect(sim.port).toBe(port)
    expect((await ask(sim, chat())).status).toBe(200)
    expect(sim.loads).toBe(1)
  })

  test('rejects when the port is taken', async () => {
    await start()
    await expect(startSim({ port: sim.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('cuts what is being answered when it is closed', async () => {
    await start({ tokensPerSecond: 50 })
    const chunks: string[] = []
    const endless = ask(sim, chat({ model: 'story', options: { num_predict: -1 } }), {
      onChunk: chunk => chunks.push(chunk),
    })
    await expect.poll(() => chunks.length).toBeGreaterThan(1)
    await sim.close()
    await expect(endless).resolves.toMatchObject({ cut: 'ECONNRESET' })
  })

  test('has only the models that it was given', async () => {
    await start({ models: ['plain'] })
    expect((await ask(sim, chat({ model: 'json' }))).status).toBe(404)
    expect((await ask(sim, chat())).status).toBe(200)
  })

  test('has models that accept tools and call none, when it was told so', async () => {
    const tools = [
      { type: 'function', function: { name: 'f', description: '', parameters: { type: 'object' } } },
    ]
    await start({ acceptTools: ['plain'] })
    expect((await ask(sim, chat({ tools, stream: false }))).text).toContain('Hello there, friend!')
    expect((await ask(sim, chat({ tools, model: 'story' }))).status).toBe(400)
  })
})

describe('what models say', () => {
  test.each([
    ['alpha', ' Once upon a time small A railway carried'],
    ['beta', ' Once upon a time small B railway carried'],
    ['gamma', ' Once upon a time small C railway carried'],
  ])('%s tells the story with its own word', async (model, story) => {
    await start()
    const answer = await ask(sim, chat({ model, options: { num_predict: 8 }, stream: false }))
    expect(said(linesOf(answer))).toBe(story)
  })

  test('the story begins again when it is over, and goes on as long as it is asked to', async () => {
    await start()
    const answer = await ask(sim, chat({ model: 'alpha', options: { num_predict: 1000 } }))
    const lines = linesOf(answer)
    expect(lines).toHaveLength(1001)
    expect(lines.at(-1)).toMatchObject({ done_reason: 'length', eval_count: 1000 })
    expect(said(lines)).toContain('green ledger.\n Once upon')
  })

  test('story stops where its Modelfile says when the request names no length', async () => {
    await start()
    expect(linesOf(await ask(sim, chat({ model: 'story' }))).at(-1)).toMatchObject({ eval_count: 12 })
  })

  test('a stop text is found across pieces, and nothing of it is said', async () => {
    await start()
    const options = { num_predict: 100, stop: ['on a ti', 'never'] }
    const lines = linesOf(await ask(sim, chat({ model: 'story', options })))
    expect(said(lines)).toBe(' Once up')
    expect(lines.at(-1)).toMatchObject({ done_reason: 'stop' })
  })

  test('a raw prompt that ends with nothing known is greeted', async () => {
    await start()
    const body = { model: 'story', prompt: 'the end?', raw: true, stream: false }
    const { text } = await ask(sim, { path: '/api/generate', body })
    expect(text).toContain('"response":"Hello there, friend!"')
  })

  test('the context of a generate request is where the next one goes on', async () => {
    await start()
    const ask1 = await ask(sim, {
      path: '/api/generate',
      body: { model: 'plain', prompt: 'hi', stream: false },
    })
    const { context } = JSON.parse(ask1.text) as { context: number[] }
    const body = { model: 'plain', prompt: 'hi', context, _debug_render_only: true, stream: false }
    const { text } = await ask(sim, { path: '/api/generate', body })
    expect(text).toContain('user hi')
    expect(text).toContain(', friend!')
  })
})

describe('time', () => {
  test('is taken for loading, for the prompt and for every token, and shown in the durations', async () => {
    await start({ loadMs: 60, promptMs: 30, tokensPerSecond: 100 })
    const startedAt = performance.now()
    const last = linesOf(await ask(sim, chat())).at(-1) as Record<string, number>
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeGreaterThan(145)
    expect(last['load_duration']).toBeGreaterThan(59e6)
    expect(last['prompt_eval_duration']).toBeGreaterThan(29e6)
    expect(last['eval_duration']).toBeGreaterThan(55e6)
    expect(last['total_duration']).toBeLessThan(tookMs * 1e6)
    const numbers = Object.values(last).filter(value => typeof value === 'number')
    expect(numbers).toHaveLength(6)
    expect(numbers.every(Number.isInteger)).toBe(true)
  })

  test('costs a load by the name of the model', async () => {
    await start({ loadMs: { alpha: 300 } })
    const load = async (model: string) => {
      const answer = await ask(sim, chat({ model, options: { num_predict: 1 }, stream: false }))
      return (linesOf(answer)[0] as { load_duration: number }).load_duration / 1e6
    }
    expect(await load('alpha')).toBeGreaterThan(299)
    expect(await load('beta')).toBeLessThan(250)
  })

  test('spent waiting for the slot counts as load time', async () => {
    await start({ tokensPerSecond: 100 })
    await ask(sim, chat())
    const answers = await Promise.all([ask(sim, chat()), ask(sim, chat())])
    const loads = answers.map(answer => linesOf(answer).at(-1)!['load_duration'] as number)
    // The second one waits for the six tokens of the first.
    expect(Math.max(...loads) - Math.min(...loads)).toBeGreaterThan(30e6)
  })

  test('passes at once for as many requests as there are slots, and the next one waits for a slot', async () => {
    await start({ parallel: 2 })
    sim.fault({ kind: 'stall', count: 2 })
    const call = () => {
      const leaving = new AbortController()
      const caller = {
        chunks: 0,
        leave: () => leaving.abort(),
        answer: Promise.resolve() as Promise<unknown>,
      }
      const options = { signal: leaving.signal, onChunk: () => caller.chunks++ }
      caller.answer = ask(sim, chat(), options).catch(() => undefined)
      return caller
    }
    const [first, second] = [call(), call()]
    await expect.poll(() => [first.chunks, second.chunks]).toEqual([1, 1])
    const third = call()
    await expect.poll(() => sim.inFlight).toBe(3)
    expect(third.chunks).toBe(0)
    second.leave()
    await third.answer
    expect(third.chunks).toBe(6)
    expect(first.chunks).toBe(1)
    first.leave()
    await first.answer
  })

  test('is left for others while an endless answer is written to a caller that reads all of it', async () => {
    await start({ parallel: 2 })
    const leaving = new AbortController()
    const endless = ask(sim, chat({ model: 'story', options: { num_predict: -1 } }), {
      signal: leaving.signal,
    })
    expect((await ask(sim, chat())).status).toBe(200)
    leaving.abort()
    await endless.catch(() => undefined)
    await expect.poll(() => sim.inFlight).toBe(0)
  })
})

describe('leaving', () => {
  test('throws the load away that the request was waiting for', async () => {
    await start({ loadMs: 150 })
    const leaving = new AbortController()
    const left = ask(sim, chat(), { signal: leaving.signal })
    await expect.poll(() => sim.loads).toBe(1)
    const next = ask(sim, chat())
    await expect.poll(() => sim.queued).toBe(2)
    leaving.abort()
    await expect(left).rejects.toThrow('aborted')
    expect((await next).status).toBe(200)
    expect(sim.loads).toBe(2)
    expect(sim.loadsAbandoned).toBe(1)
  })

  test('in mid-stream frees the slot', async () => {
    await start({ tokensPerSecond: 100 })
    const leaving = new AbortController()
    let chunks = 0
    const options = { num_predict: 100_000 }
    const left = ask(sim, chat({ model: 'story', options }), {
      signal: leaving.signal,
      onChunk: () => chunks++,
    })
    await expect.poll(() => chunks).toBeGreaterThan(0)
    leaving.abort()
    await expect(left).rejects.toThrow('aborted')
    expect((await ask(sim, chat())).status).toBe(200)
    expect(sim.inFlight).toBe(0)
  })
})

describe('residency', () => {
  test('/api/ps shows a model with its context and its end, and unloading ends it at once', async () => {
    await start()
    await ask(sim, chat({ keep_alive: '1h', options: { num_ctx: 2048 } }))
    const { text } = await ask(sim, { method: 'GET', path: '/api/ps' })
    const [model] = (JSON.parse(text) as { models: Record<string, unknown>[] }).models
    expect(model).toMatchObject({ name: 'plain:latest', context_length: 2048 })
    const leftMs = Date.parse(model!['expires_at'] as string) - Date.now()
    expect(leftMs).toBeGreaterThan(3_500_000)
    expect(leftMs).toBeLessThanOrEqual(3_600_000)
    await ask(sim, chat({ messages: [], keep_alive: 0 }))
    expect(sim.resident()).toEqual([])
  })

  test('for ever is a date in the far future', async () => {
    await start()
    await ask(sim, chat({ keep_alive: -1 }))
    const { text } = await ask(sim, { method: 'GET', path: '/api/ps' })
    expect(text).toMatch(/"expires_at":"23\d\d-/)
  })

  test('an unload request answers at once while the model works, which then still finishes', async () => {
    await start({ tokensPerSecond: 50 })
    let chunks = 0
    const working = ask(sim, chat(), { onChunk: () => chunks++ })
    await expect.poll(() => chunks).toBeGreaterThan(0)
    const unloaded = await ask(sim, chat({ messages: [], keep_alive: 0 }))
    expect(unloaded.text).toContain('"done_reason":"unload"')
    expect(sim.inFlight).toBe(1)
    expect(linesOf(await working).at(-1)).toMatchObject({ done: true })
    expect(sim.resident()).toEqual([])
  })

  test('an embedder works beside a model that is busy', async () => {
    await start({ tokensPerSecond: 20 })
    let chunks = 0
    const working = ask(sim, chat({ model: 'story' }), { onChunk: () => chunks++ })
    await expect.poll(() => chunks).toBeGreaterThan(0)
    const embedded = await ask(sim, { path: '/api/embed', body: { model: 'embed', input: 'hi' } })
    expect(embedded.status).toBe(200)
    expect(sim.inFlight).toBe(1)
    expect((await working).status).toBe(200)
    expect(sim.resident().toSorted()).toEqual(['embed', 'story'])
  })
})

describe('around the routes', () => {
  test.each<[what: string, asked: Asked, status: number, headers: Record<string, string>]>([
    [
      'a POST with a slash too many is sent on with 307',
      { path: '/api/chat/?a=1' },
      307,
      { Location: '/api/chat?a=1' },
    ],
    ['a method that a path has not', { method: 'DELETE', path: '/api/tags' }, 405, { Allow: 'GET, HEAD' }],
    ['OPTIONS from no browser', { method: 'OPTIONS', path: '/api/chat' }, 405, { Allow: 'POST' }],
    [
      'a name that is not this machine',
      { method: 'GET', path: '/', headers: { host: 'example.com' } },
      403,
      {},
    ],
    [
      'a container that comes to its host',
      { method: 'GET', path: '/', headers: { host: 'host.docker.internal:1' } },
      200,
      {},
    ],
    ['an empty path segment', { method: 'GET', path: '/api//tags' }, 404, {}],
    ['a query', { method: 'GET', path: '/api/version?x=1' }, 200, {}],
    ['a query of 20 kB', { method: 'GET', path: `/api/version?x=${'x'.repeat(20_000)}` }, 200, {}],
    [
      'headers of 900 kB',
      { method: 'GET', path: '/api/version', headers: { 'x-big': 'x'.repeat(900_000) } },
      200,
      {},
    ],
    ['management', { path: '/api/pull', body: { model: 'x' } }, 501, {}],
  ])('%s', async (_what, asked, status, headers) => {
    await start()
    const answer = await ask(sim, asked)
    expect(answer.status).toBe(status)
    for (const pair of Object.entries(headers)) expect(answer.headers).toContainEqual(pair)
  })

  test('an error before the first piece of a stream has no length, as Ollama sends it', async () => {
    await start()
    const answer = await ask(sim, chat({ format: 'yaml' }))
    expect(answer.status).toBe(500)
    expect(answer.headers).toContainEqual(['Content-Type', 'application/json'])
    expect(answer.headers).toContainEqual(['Transfer-Encoding', 'chunked'])
    expect(answer.text).toBe(
      String.raw`{"error":"invalid format: \"\\\"yaml\\\"\"; expected \"json\" or a valid JSON Schema object"}`,
    )
  })

  test('requests are remembered in order of arrival, with their models', async () => {
    await start()
    await ask(sim, chat({ model: 'json' }))
    await ask(sim, { method: 'GET', path: '/api/tags?x' })
    await ask(sim, { path: '/api/embed', body: '{"MODEL":"embed","input":"a"} and more' })
    expect(sim.requests.map(({ method, path, model }) => [method, path, model])).toEqual([
      ['POST', '/api/chat', 'json'],
      ['GET', '/api/tags', undefined],
      ['POST', '/api/embed', 'embed'],
    ])
  })
})
