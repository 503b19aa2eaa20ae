import { startSim } from '@foreman/ollama-sim'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post } from '../harness/request.ts'
import { startReasons } from '../harness/start-reasons.ts'
import { until } from '../harness/until.ts'

const simulate = async (options: Parameters<typeof startSim>[0]) => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  return sim
}

const names = ['alpha', 'beta', 'gamma']
const ask = (url: string, model: string, tokens = 1) =>
  post(url, '/api/generate', { model, prompt: 'go on', stream: false, options: { num_predict: tokens } })

describe('the order of jobs', () => {
  test('sixty jobs over three models, sent interleaved to a target that holds one, cost one load for each model', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 50 })
    const foreman = await startForeman({ target: sim.url })
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => ask(foreman.url, names[at % 3] ?? '')),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200))
    expect(sim.loads).toBeGreaterThanOrEqual(3)
    expect(sim.loads).toBeLessThanOrEqual(4)
  })

  test('a model that is kept busy for ever lets another in within the longest wait, the job in flight and the swap', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 100, tokensPerSecond: 100 })
    const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_MAX_WAIT: '2s' } })
    let stop = false
    const busy = Array.from({ length: 3 }, async () => {
      while (!stop) await ask(foreman.url, 'alpha', 20)
    })
    await until(() => sim.requests.length > 5)
    const sentAt = performance.now()
    const { status } = await ask(foreman.url, 'beta')
    const waitedMs = performance.now() - sentAt
    stop = true
    await Promise.all(busy)
    expect(status).toBe(200)
    expect(waitedMs).toBeGreaterThan(1_900)
    // The job in flight takes 200 ms and the swap 100; the rest is for a busy machine.
    expect(waitedMs).toBeLessThan(2_000 + 200 + 100 + 1_000)
  })

  test('a backlog that is older than the longest wait still costs one load a turn, not one a job', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 20 })
    sim.fault({ kind: 'refuse' })
    const variables = { FOREMAN_MAX_WAIT: '1s' }
    const foreman = await startForeman({ target: sim.url, variables, awaitTarget: false })
    const answers = Promise.all(Array.from({ length: 300 }, (_, at) => ask(foreman.url, names[at % 3] ?? '')))
    await until(async () => (await foreman.store.queue.waitingLines()).length === 3)
    await until(async () => {
      const lines = await foreman.store.queue.waitingLines()
      return Date.now() - Math.max(...lines.map(line => line.oldestCreatedAt)) > 1_000
    })
    const startedAt = performance.now()
    await sim.clearFaults()
    expect((await answers).filter(({ status }) => status === 200)).toHaveLength(300)
    const turns = Math.ceil((performance.now() - startedAt) / 1_000)
    expect(sim.loads).toBeLessThanOrEqual(3 + turns)
  })

  test('nothing is sent for the model that is being left once the next one has its turn', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 300, tokensPerSecond: 200, parallel: 4 })
    const foreman = await startForeman({
      target: sim.url,
      variables: { FOREMAN_CONCURRENCY: '4', FOREMAN_MAX_WAIT: '100ms' },
    })
    const jobs = Array.from({ length: 40 }, (_, at) => ask(foreman.url, names[at % 2] ?? '', 10))
    const late: string[] = []
    const watch = setInterval(() => {
      if (sim.resident().length > 1) late.push(sim.resident().join())
    }, 5)
    await Promise.all(jobs)
    clearInterval(watch)
    const order = sim.requests.filter(({ path }) => path === '/api/generate').map(({ model }) => model)
    const turns = order.filter((model, at) => model !== order[at - 1]).length
    // Every change of model in the order of arrival at the target is a load, and no load is for anything else.
    expect(sim.loads).toBe(turns)
    expect(late).toEqual([])
  })

  test('each choice is kept with its reason', async () => {
    const sim = await simulate({ maxLoaded: 1 })
    sim.fault({ kind: 'refuse' })
    const foreman = await startForeman({ target: sim.url, awaitTarget: false })
    const answers = Promise.all(['alpha', 'alpha', 'beta'].map(model => ask(foreman.url, model)))
    await until(async () => (await foreman.store.queue.waitingLines()).length === 2)
    await sim.clearFaults()
    await answers
    expect(startReasons(foreman.dbPath)).toEqual(['first', 'resident', 'drained'])
  })
})
