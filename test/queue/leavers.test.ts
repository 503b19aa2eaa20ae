import { startSim } from '@foreman/ollama-sim'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const simulate = async (options: Parameters<typeof startSim>[0] = {}) => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  return sim
}

const ask = (url: string, model: string, tokens: number, signal?: AbortSignal, stream = false) =>
  post(url, '/api/generate', { model, prompt: 'go on', stream, options: { num_predict: tokens } }, signal)

describe('a caller that leaves', () => {
  test.each([true, false])(
    'frees the target within a second, streaming or not (%s), and harms nobody',
    async stream => {
      const sim = await simulate({ tokensPerSecond: 20 })
      const foreman = await startForeman({ target: sim.url })
      const leave = new AbortController()
      const leaver = ask(foreman.url, 'alpha', 10_000, leave.signal, stream).catch(() => 'left')
      await until(() => sim.inFlight === 1)
      const other = ask(foreman.url, 'alpha', 2)
      await until(async () => (await foreman.store.queue.waitingLines()).length === 1)
      const leftAt = performance.now()
      leave.abort()
      expect(await leaver).toBe('left')
      expect((await other).status).toBe(200)
      expect(performance.now() - leftAt).toBeLessThan(1_500)
    },
  )

  test('ends its request on the direct lane, too: the target does not work for nobody', async () => {
    const sim = await simulate()
    const foreman = await startForeman({ target: sim.url })
    sim.fault({ kind: 'hang', path: '/api/generate' })
    const leave = new AbortController()
    const leaver = ask(foreman.url, 'any:cloud', 1, leave.signal).catch(() => 'left')
    await until(() => sim.inFlight === 1)
    leave.abort()
    await leaver
    await until(() => sim.inFlight === 0)
  })

  test('takes its waiting job with it', async () => {
    const sim = await simulate({ tokensPerSecond: 20 })
    const foreman = await startForeman({ target: sim.url })
    const first = new AbortController()
    const running = ask(foreman.url, 'alpha', 10_000, first.signal).catch(() => 'left')
    await until(() => sim.inFlight === 1)
    const second = new AbortController()
    const waiting = ask(foreman.url, 'beta', 1, second.signal).catch(() => 'left')
    await until(async () => (await foreman.store.queue.waitingLines()).length === 1)
    second.abort()
    await waiting
    await until(async () => (await foreman.store.queue.waitingLines()).length === 0)
    first.abort()
    await running
    expect(sim.requests.some(({ model }) => model === 'beta')).toBe(false)
  })

  test('and asks again keeps its place, and nobody else gets it', async () => {
    const sim = await simulate({ tokensPerSecond: 20 })
    const variables = { FOREMAN_TOKENS: 'ann:one,bob:two', FOREMAN_FAIR_HALFLIFE: '0' }
    const foreman = await startForeman({ target: sim.url, variables })
    const answered: string[] = []
    const as = async (token: string, prompt: string, signal?: AbortSignal, tokens = 2) => {
      const answer = await fetch(`${foreman.url}/api/generate`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
        body: JSON.stringify({ model: 'alpha', prompt, stream: false, options: { num_predict: tokens } }),
        signal: signal ?? null,
      })
      await answer.text()
      answered.push(`${prompt} of ${token}`)
    }
    const queued = (count: number) => until(async () => (await foreman.store.records.queued()) === count)
    const busy = new AbortController()
    const running = as('one', 'busy', busy.signal, 10_000).catch(() => 'left')
    await until(() => sim.inFlight === 1)
    const impatient = new AbortController()
    const first = as('one', 'same', impatient.signal).catch(() => 'left')
    await queued(1)
    const between = as('one', 'between')
    await queued(2)
    impatient.abort()
    await first
    await queued(1)
    const others = [as('two', 'same')]
    await queued(2)
    others.push(as('one', 'same'))
    await queued(3)
    busy.abort()
    await Promise.all([running, between, ...others])
    expect(answered).toEqual(['same of one', 'between of one', 'same of two'])
  })

  test('while its request loads a model that others wait for: the load is kept, the generation is not', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 600, tokensPerSecond: 20 })
    const foreman = await startForeman({ target: sim.url })
    const leave = new AbortController()
    const leaver = ask(foreman.url, 'alpha', 10_000, leave.signal).catch(() => 'left')
    await until(() => sim.loads === 1)
    const other = ask(foreman.url, 'alpha', 1)
    await until(async () => (await foreman.store.queue.waitingLines()).length === 1)
    leave.abort()
    await leaver
    expect((await other).status).toBe(200)
    expect(sim.loads).toBe(1)
    expect(sim.loadsAbandoned).toBe(0)
  })

  test('while its load hangs gives the target to another model that has waited long enough', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 500, tokensPerSecond: 20 })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_WAIT: '100ms' } })
    sim.fault({ kind: 'hang', path: '/api/generate', model: 'alpha' })
    const leave = new AbortController()
    const leaver = ask(foreman.url, 'alpha', 1, leave.signal).catch(() => 'left')
    await until(() => sim.inFlight === 1)
    const same = new AbortController()
    const waiting = ask(foreman.url, 'alpha', 1, same.signal).catch(() => 'left')
    const other = ask(foreman.url, 'beta', 1)
    await until(async () => (await foreman.store.queue.waitingLines()).length === 2)
    leave.abort()
    await leaver
    expect((await other).status).toBe(200)
    same.abort()
    await waiting
  })

  test('while it loads, and the group of those who wait is renamed because more is known of the model', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 1_500, tokensPerSecond: 20, models: ['alpha'] })
    const unknown = sim.fault({ kind: 'status', path: '/api/show' })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_POLL_INTERVAL: '100ms' } })
    const leave = new AbortController()
    const leaver = ask(foreman.url, 'alpha', 10_000, leave.signal).catch(() => 'left')
    await until(() => sim.loads === 1)
    const other = ask(foreman.url, 'alpha', 1)
    await until(async () => (await foreman.store.queue.waitingLines()).length === 1)
    const group = async () => (await foreman.store.queue.waitingLines())[0]?.groupKey
    const before = await group()
    await unknown.lift()
    await until(async () => (await group()) !== before)
    leave.abort()
    await leaver
    expect((await other).status).toBe(200)
    expect([sim.loads, sim.loadsAbandoned]).toEqual([1, 0])
  })

  test('while its request loads a model that nobody else wants: the load is dropped', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 30_000 })
    const foreman = await startForeman({ target: sim.url })
    const leave = new AbortController()
    const leaver = ask(foreman.url, 'alpha', 1, leave.signal).catch(() => 'left')
    await until(() => sim.loads === 1)
    leave.abort()
    await leaver
    await until(() => sim.inFlight === 0, 1_000)
  })
})

describe('a gateway that is stopped', () => {
  test('lets a stream end that ends within the grace period', async () => {
    const sim = await simulate({ tokensPerSecond: 50 })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_SHUTDOWN_GRACE: '10s' } })
    const answer = ask(foreman.url, 'alpha', 20, undefined, true)
    await until(() => sim.inFlight === 1)
    const stopped = foreman.stopGateway()
    expect((await answer).text).toContain('"done":true')
    await stopped
  })

  test('tells callers that it cuts off to come again, and their jobs go on', async () => {
    const sim = await simulate({ tokensPerSecond: 50 })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_SHUTDOWN_GRACE: '100ms' } })
    const streaming = ask(foreman.url, 'alpha', 100, undefined, true)
    const waiting = ask(foreman.url, 'alpha', 1)
    await until(async () => sim.inFlight === 1 && (await foreman.store.queue.waitingLines()).length === 1)
    expect((await foreman.store.gateways.heartbeats()).size).toBe(1)
    await foreman.stopGateway()
    // Both jobs go on, and they are no longer those of a gateway that has died.
    expect(await foreman.store.gateways.heartbeats()).toEqual(new Map())
    const [streamed, waited] = await Promise.all([streaming, waiting])
    expect(streamed.text.trim().split('\n').at(-1)).toContain('"error"')
    expect([waited.status, waited.headers['retry-after']]).toEqual([503, '5'])
    await until(
      () => sim.requests.filter(({ path }) => path === '/api/generate').length === 2 && sim.inFlight === 0,
    )
    expect(await foreman.store.queue.waitingLines()).toEqual([])
  })
})

describe('a worker that is stopped', () => {
  test('within the grace period ends what runs; then another goes on', async () => {
    const sim = await simulate({ tokensPerSecond: 50 })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_SHUTDOWN_GRACE: '10s' } })
    const answers = Promise.all([
      ask(foreman.url, 'alpha', 20, undefined, true),
      ask(foreman.url, 'alpha', 1),
    ])
    await until(() => sim.inFlight === 1)
    await foreman.stopWorker()
    expect(sim.inFlight).toBe(0)
    foreman.startWorker()
    expect((await answers).map(({ status }) => status)).toEqual([200, 200])
  })

  test('gives back what does not end in time without spending an attempt, unless a caller has some of it', async () => {
    const sim = await simulate({ tokensPerSecond: 20 })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_ATTEMPTS: '1' } })
    const whole = ask(foreman.url, 'alpha', 10)
    await until(() => sim.inFlight === 1)
    await foreman.stopWorker()
    const worker = foreman.startWorker()
    expect((await whole).status).toBe(200)
    const streamed = ask(foreman.url, 'alpha', 10_000, undefined, true)
    await until(() => sim.inFlight === 1 && sim.requests.length > 0)
    // The head, and two pieces behind it.
    await until(async () => ((await foreman.store.output.read(2, undefined))?.pieces.length ?? 0) > 2)
    await worker.stop()
    expect((await streamed).text.trim().split('\n').at(-1)).toContain('the worker was stopped')
  })
})
