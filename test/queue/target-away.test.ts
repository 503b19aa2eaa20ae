import { startSim } from '@foreman/ollama-sim'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const simulate = async (options: Parameters<typeof startSim>[0] = {}) => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  return sim
}

const ask = (url: string, body: Record<string, unknown> = {}) =>
  post(url, '/api/chat', {
    model: 'plain',
    messages: [{ role: 'user', content: 'hi' }],
    stream: false,
    ...body,
  })

describe('a target that does not answer everything', () => {
  test.each(['/api/version', '/api/tags', '/api/ps', '/api/show'])(
    'runs jobs although a proxy blocks %s',
    async path => {
      const sim = await simulate()
      sim.fault({ kind: 'status', status: 403, path })
      const foreman = await startForeman({ target: sim.url })
      expect((await ask(foreman.url)).status).toBe(200)
      const reasons = path === '/api/show' ? [] : ['target_incomplete']
      expect(await foreman.healthReasons()).toEqual(reasons)
    },
  )
})

describe('a target that is away', () => {
  test('keeps twenty jobs waiting, is said to be away meanwhile, and answers them all when it is back', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'refuse' })
    const answers = Promise.all(Array.from({ length: 20 }, () => ask(foreman.url)))
    await until(async () => (await foreman.healthReasons()).includes('target_away'))
    await sim.clearFaults()
    expect((await answers).map(({ status }) => status)).toEqual(Array(20).fill(200))
    await until(async () => (await foreman.healthReasons()).length === 0)
  })

  test('spends no attempt, however often it is away', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_ATTEMPTS: '1' } })
    for (let round = 0; round < 3; round++) {
      for (const path of ['/api/chat', '/api/version', '/api/tags', '/api/ps'])
        sim.fault({ kind: 'status', status: 502, path, count: 1 })
      expect((await ask(foreman.url)).status).toBe(200)
    }
  })

  test('is known to be away from the first caller that meets it, on the direct way too', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'refuse' })
    const { status, text } = await post(foreman.url, '/api/embed', { model: 'embed', input: 'hi' })
    expect(status).toBe(502)
    expect(JSON.parse(text)).toEqual({ error: expect.stringContaining('cannot be reached') as string })
    await until(async () => (await foreman.healthReasons()).includes('target_away'), 3_000)
  })

  test('leaves its lists and its version readable, with their age', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    const before = await send(foreman.url, { method: 'GET', path: '/api/tags' })
    sim.fault({ kind: 'refuse' })
    const after = await send(foreman.url, { method: 'GET', path: '/api/tags' })
    expect(after.status).toBe(200)
    expect(after.body.toString()).toBe(before.body.toString())
    expect(after.headers['x-foreman-stale']).toMatch(/^\d+$/)
    expect(before.headers['x-foreman-stale']).toBeUndefined()
    const version = await send(foreman.url, { method: 'GET', path: '/api/version' })
    expect(version.headers['x-foreman-stale']).toMatch(/^\d+$/)
  })

  test('is not needed for a start: any model is taken and waits', async () => {
    const sim = await simulate()
    sim.fault({ kind: 'refuse' })
    const foreman = await startForeman({ target: sim.url, awaitTarget: false })
    const answer = ask(foreman.url)
    const unknown = ask(foreman.url, { model: 'never-heard-of' })
    await until(async () => (await foreman.store.queue.waitingLines()).length === 2)
    expect(await foreman.healthReasons()).toContain('target_away')
    await sim.clearFaults()
    expect((await answer).status).toBe(200)
    expect(JSON.parse((await unknown).text)).toEqual({ error: "model 'never-heard-of' not found" })
  })

  test("refuses foreman's credentials: the queue waits, and a refusal of one request alone is its caller's", async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'status', status: 401, body: 'no', path: '/api/version' })
    sim.fault({ kind: 'status', status: 401, body: 'no', path: '/api/chat' })
    const answer = ask(foreman.url)
    await until(async () => (await foreman.healthReasons()).includes('target_away'))
    await sim.clearFaults()
    expect((await answer).status).toBe(200)
    sim.fault({
      kind: 'status',
      status: 403,
      error: 'ollama cloud is disabled: remote model is unavailable',
      path: '/api/chat',
      count: 1,
    })
    expect((await ask(foreman.url)).status).toBe(403)
  })
})

describe('a target that fails at a job', () => {
  test('while busy is asked again, and its last answer is the answer', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_ATTEMPTS: '2' } })
    sim.fault({ kind: 'status', status: 503, error: 'server busy', path: '/api/chat', count: 1 })
    expect((await ask(foreman.url)).status).toBe(200)
    sim.fault({ kind: 'status', status: 503, error: 'server busy', path: '/api/chat', count: 2 })
    const { status, text } = await ask(foreman.url)
    expect([status, JSON.parse(text)]).toEqual([503, { error: 'server busy' }])
  })

  test.each([429, 503])(
    'with %i and says when to come again is asked then, and no attempt is spent',
    async status => {
      const sim = await simulate()
      const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_ATTEMPTS: '1' } })
      const refusal = { kind: 'status', status, error: 'slowly', headers: { 'Retry-After': '1' } } as const
      sim.fault({ ...refusal, path: '/api/chat', count: 2 })
      const askedAt = performance.now()
      expect((await ask(foreman.url)).status).toBe(200)
      expect(performance.now() - askedAt).toBeGreaterThan(1_900)
    },
  )

  test.each([502, 503, 504])(
    'through a proxy that answers %i is asked as often as its job may',
    async status => {
      const sim = await simulate()
      const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_ATTEMPTS: '2' } })
      sim.fault({ kind: 'status', status, path: '/api/chat' })
      expect((await ask(foreman.url)).status).toBe(status)
      expect(sim.requests.filter(({ path }) => path === '/api/chat')).toHaveLength(2)
    },
  )

  test('by breaking off is asked again; a real answer from before then stands', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_ATTEMPTS: '2' } })
    // Each attempt meets a kept connection, and a new one on which its request is sent once more.
    const reset = (attempts: number) => sim.fault({ kind: 'reset', path: '/api/chat', count: 2 * attempts })
    reset(1)
    expect((await ask(foreman.url)).status).toBe(200)
    sim.fault({ kind: 'status', status: 503, error: 'server busy', path: '/api/chat', count: 1 })
    reset(1)
    const second = await ask(foreman.url)
    expect([second.status, JSON.parse(second.text)]).toEqual([503, { error: 'server busy' }])
    reset(2)
    const third = await ask(foreman.url)
    expect(third.status).toBe(502)
    expect(JSON.parse(third.text)).toEqual({ error: expect.stringContaining('broke off') as string })
    expect(third.text).not.toContain(new URL(sim.url).host)
  })

  test('in the middle of a stream ends it with one error line, and the job does not run again', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'die', path: '/api/chat', afterChunks: 2, count: 1 })
    const { status, text } = await ask(foreman.url, { stream: true })
    const lines = text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { error?: string })
    expect(status).toBe(200)
    expect(lines).toHaveLength(3)
    expect(lines.filter(line => line.error)).toEqual([
      { error: expect.stringContaining('broke off') as string },
    ])
    expect(sim.requests.filter(({ path }) => path === '/api/chat')).toHaveLength(1)
  })

  test('before the first byte of a stream is asked again without the caller noticing', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'die', path: '/api/chat', afterChunks: 0, count: 1 })
    const { status, text } = await ask(foreman.url, { stream: true })
    expect(status).toBe(200)
    expect(text).toContain('"done":true')
    expect(text).not.toContain('"error"')
  })

  test('with its own error line is taken at its word', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'kill-runner', path: '/api/chat', afterChunks: 2, count: 1 })
    const { text } = await ask(foreman.url, { stream: true })
    expect(text.match(/"error"/g)).toHaveLength(1)
    expect(text).toContain('an error was encountered while running the model: unexpected EOF')
  })

  test('by ending a stream without its last line is never a success', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'no-done', path: '/api/chat', afterChunks: 2, count: 1 })
    const { text } = await ask(foreman.url, { stream: true })
    expect(text.trim().split('\n').at(-1)).toContain('"error"')
    expect(sim.requests.filter(({ path }) => path === '/api/chat')).toHaveLength(1)
  })

  test('with silence is cut off, shown in /healthz, and does not hold the queue', async () => {
    const sim = await simulate()
    const variables = { FOREMAN_JOB_TIMEOUT: '300ms', FOREMAN_STALL: '200ms', FOREMAN_MAX_ATTEMPTS: '1' }
    const foreman = await startForeman({ target: sim.url, variables })
    sim.fault({ kind: 'hang', path: '/api/chat', count: 1 })
    expect((await ask(foreman.url)).status).toBe(502)
    expect(await foreman.healthReasons()).toContain('target_silent')
    sim.fault({ kind: 'stall', path: '/api/chat', afterChunks: 1, count: 1 })
    expect((await ask(foreman.url, { stream: true })).text).toContain('fell silent')
    expect((await ask(foreman.url)).status).toBe(200)
    await until(async () => (await foreman.healthReasons()).length === 0)
  })
})
