import { startSim } from '@foreman/ollama-sim'
import http from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const simulate = async (options: Parameters<typeof startSim>[0] = {}) => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  return sim
}

const longStory = { model: 'alpha', prompt: 'go on', options: { num_predict: 600 } }

describe('beside the queue', () => {
  test('embeddings answer at once while a sixty-second generation runs', async () => {
    const sim = await simulate({ tokensPerSecond: 10 })
    const foreman = await startForeman({ target: sim.url })
    const leave = new AbortController()
    const story = post(foreman.url, '/api/generate', longStory, leave.signal).catch(() => 'left')
    await until(() => sim.inFlight === 1)
    for (const path of ['/api/embed', '/api/embeddings', '/v1/embeddings']) {
      const { status } = await post(foreman.url, path, { model: 'embed', input: 'hi', prompt: 'hi' })
      expect([path, status]).toEqual([path, 200])
    }
    expect(sim.inFlight).toBe(1)
    leave.abort()
    expect(await story).toBe('left')
  })

  test('an unload is answered at once, though the model is at work', async () => {
    const sim = await simulate({ tokensPerSecond: 10 })
    const foreman = await startForeman({ target: sim.url })
    const leave = new AbortController()
    const story = post(foreman.url, '/api/generate', longStory, leave.signal).catch(() => 'left')
    await until(() => sim.inFlight === 1)
    const { text } = await post(foreman.url, '/api/generate', { model: 'alpha', keep_alive: 0 })
    expect(JSON.parse(text)).toMatchObject({ done_reason: 'unload' })
    leave.abort()
    await story
  })

  test('a load takes its turn like any other job', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    const answer = await post(foreman.url, '/api/chat', { model: 'plain', keep_alive: '10m' })
    expect(JSON.parse(answer.text)).toMatchObject({ done_reason: 'load' })
    expect(answer.headers['x-foreman-job-id']).toMatch(/^job_/)
  })

  test('managing models can be turned off', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MANAGEMENT: 'off' } })
    for (const [method, path] of [
      ['POST', '/api/pull'],
      ['POST', '/api/push'],
      ['POST', '/api/create'],
      ['POST', '/api/copy'],
      ['DELETE', '/api/delete'],
      ['HEAD', '/api/blobs/sha256:00'],
      ['POST', '/api/p%75ll'],
      ['POST', '/api/pull/'],
      ['POST', '/api/me'],
      ['POST', '/api/signout'],
      ['DELETE', '/api/tags'],
      ['POST', '/api/experimental/web_fetch'],
      ['POST', '/api/of-a-newer-version'],
    ] as const) {
      expect([path, (await send(foreman.url, { method, path })).status]).toEqual([path, 403])
    }
    expect(sim.requests.map(({ path }) => path).filter(path => !/tags|version|ps$|show/.test(path))).toEqual(
      [],
    )
    for (const path of ['/', '/api/tags', '/api/version', '/api/ps', '/v1/models', '/v1/models/plain']) {
      expect([path, (await send(foreman.url, { method: 'GET', path })).status]).toEqual([path, 200])
    }
    const shown = await post(foreman.url, '/api/show', { model: 'plain' })
    expect(shown.status).toBe(200)
  })
})

describe('a request that Ollama would take', () => {
  const messages = [{ role: 'user', content: 'hi' }]
  test.each([
    [
      'with names in other cases',
      '/api/chat',
      '{"MODEL":"plain","Messages":[{"role":"user","content":"hi"}],"STREAM":false}',
    ],
    [
      'with a name twice',
      '/api/chat',
      `{"model":"nope","model":"plain","messages":${JSON.stringify(messages)},"stream":false}`,
    ],
    [
      'with something behind it',
      '/api/chat',
      `${JSON.stringify({ model: 'plain', messages, stream: false })} and more`,
    ],
    ['with an encoded path', '/api/%63hat', JSON.stringify({ model: 'plain', messages, stream: false })],
    ['with a query', '/api/chat?x=1', JSON.stringify({ model: 'plain', messages, stream: false })],
  ])('never slips past the queue: %s', async (_what, path, body) => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    const answer = await send(foreman.url, { path, body })
    expect(answer.status).toBe(200)
    expect(answer.headers['x-foreman-job-id']).toMatch(/^job_/)
  })

  test('is taken though the model was made known only a moment ago', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    await foreman.store.catalogue.replaceModels([])
    const answer = await post(foreman.url, '/api/chat', { model: 'plain', messages, stream: false })
    expect(answer.headers['x-foreman-job-id']).toMatch(/^job_/)
    expect(answer.status).toBe(200)
  })
})

test("nothing of a caller's identity reaches the target, and foreman's own token does", async () => {
  const seen: string[][] = []
  const standIn = http.createServer((request, response) => {
    seen.push(request.rawHeaders)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"models":[],"done":true}')
  })
  await new Promise<void>(resolve => standIn.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void standIn.close())
  const { port } = standIn.address() as { port: number }
  const variables = { FOREMAN_OLLAMA_TOKEN: 'ours', FOREMAN_TOKEN: 'theirs' }
  const foreman = await startForeman({ target: `http://127.0.0.1:${port}`, variables })
  seen.length = 0
  const headers = {
    authorization: 'Bearer theirs',
    cookie: 'a=b',
    'x-api-key': 'theirs',
    origin: 'http://localhost',
    'x-mine': 'kept',
  }
  const body = JSON.stringify({ model: 'plain', messages: [{ role: 'user', content: 'hi' }] })
  await send(foreman.url, { path: '/api/chat', headers, body })
  await send(foreman.url, { path: '/api/embed', headers, body })
  const jobs = seen.filter(raw => raw.includes('kept'))
  expect(jobs).toHaveLength(2)
  for (const raw of jobs) {
    expect(raw.filter(value => /theirs|a=b/.test(value))).toEqual([])
    expect(raw[raw.findIndex(name => name.toLowerCase() === 'authorization') + 1]).toBe('Bearer ours')
  }
})
