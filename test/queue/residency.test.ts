import { startSim } from '@foreman/ollama-sim'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const simulate = async (options: Parameters<typeof startSim>[0]) => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  return sim
}

/** Whether the gateway has noted that its caller has the answer: it does so when the answer is out. */
const isNoted = (dbPath: string): boolean => {
  const db = new Database(dbPath, { readonly: true })
  const noted = db.prepare('SELECT bytes_expire_at FROM jobs').pluck().get()
  db.close()
  return typeof noted === 'number'
}

const variables = { FOREMAN_EMBED_MODEL: 'embed', FOREMAN_POLL_INTERVAL: '100ms' }
const ask = (url: string, model: string) =>
  post(url, '/api/generate', { model, prompt: 'go on', stream: false, options: { num_predict: 1 } })

describe('the embedding model', () => {
  test('is kept in memory where it fits beside the working one', async () => {
    const sim = await simulate({ maxLoaded: 2 })
    const foreman = await startForeman({ target: sim.url, variables })
    await until(() => sim.resident().includes('embed:latest') || sim.resident().includes('embed'))
    for (const model of ['alpha', 'alpha', 'alpha']) await ask(foreman.url, model)
    expect(sim.resident()).toHaveLength(2)
    expect(await foreman.healthReasons()).toEqual([])
  })

  test('is let go where it costs the working one its place, and that is said', async () => {
    const sim = await simulate({ maxLoaded: 1 })
    const foreman = await startForeman({ target: sim.url, variables })
    await until(async () => {
      await ask(foreman.url, 'alpha')
      return (await foreman.healthReasons()).includes('embedder_does_not_fit')
    })
    await ask(foreman.url, 'alpha')
    const loads = sim.loads
    const polls = () => sim.requests.filter(({ path }) => path === '/api/tags').length
    const before = polls()
    await until(() => polls() > before + 3)
    await ask(foreman.url, 'alpha')
    expect(sim.loads).toBe(loads)
  })
})

describe('what has had its time', () => {
  test('goes: the bytes soon after their caller has them, the job later', async () => {
    const sim = await simulate({})
    let offsetMs = 0
    const now = () => Date.now() + offsetMs
    const foreman = await startForeman({ target: sim.url, now, worker: false })
    const first = foreman.startWorker()
    const answer = await ask(foreman.url, 'plain')
    expect(answer.status).toBe(200)
    const { output } = foreman.store
    await until(async () => (await output.view(1))?.state === 'succeeded')
    expect((await output.read(1, undefined))?.pieces.length).toBeGreaterThan(0)
    await until(() => isNoted(foreman.dbPath))
    await first.stop()
    offsetMs = 11 * 60_000
    const second = foreman.startWorker()
    await until(async () => (await output.read(1, undefined))?.pieces.length === 0)
    expect((await output.view(1))?.state).toBe('succeeded')
    await second.stop()
    offsetMs = 25 * 60 * 60_000
    foreman.startWorker()
    await until(async () => (await output.view(1)) === undefined)
  })
})
