import {
  canonicalModelName,
  loadSignature,
  modelLoading,
  readGenerationRequest,
  generatingEndpoint,
} from '@foreman/ollama-client'
import { bodyOf, type Recording, recording, recordings } from '@foreman/ollama-client/testing'
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

describe('what the target was recorded to reload', () => {
  interface Step {
    name: string
    key: string
    reloaded: boolean
  }

  const shown = modelLoading(
    JSON.parse(bodyOf(recording('show')).toString()) as Parameters<typeof modelLoading>[0],
  )
  /** The six names of the one weights file that was shown. */
  const sharing = new Set(['plain', 'story', 'json', 'unicode', 'tools', 'think'])
  const lastLine = (one: Recording) =>
    JSON.parse(bodyOf(one).toString().trim().split('\n').at(-1) ?? '') as {
      created_at: string
      load_duration?: number
      done_reason?: string
    }

  const steps = recordings
    .filter(({ version }) => version === '0.24.0')
    .flatMap(one => {
      const endpoint = generatingEndpoint(one.request.path, one.request.method)
      const request = endpoint && readGenerationRequest(Buffer.from(one.request.body ?? ''), endpoint)
      if (!request || endpoint.dialect.name !== 'native' || one.response.status !== 200) return []
      const { created_at: at, load_duration: loadNs, done_reason: reason } = lastLine(one)
      return [{ one, request, at, loadNs, reason }]
    })
    .toSorted((a, b) => a.at.localeCompare(b.at))
  const pairs: [Step, Step][] = []
  let before: Step | undefined
  for (const { one, request, loadNs, reason } of steps) {
    if (reason === 'unload') {
      before = undefined
      continue
    }
    // A pure load does not say how long it took.
    if (loadNs === undefined) continue
    const isSharing = sharing.has(canonicalModelName(request.model)?.replace(/^.*\/|:latest$/g, '') ?? '')
    const key = loadSignature({ ...request, ...(isSharing ? shown : {}) })
    // What is in memory already is found in about a millisecond; a load takes a quarter of a second.
    const step = { name: one.name, key, reloaded: loadNs > 100e6 }
    if (before) pairs.push([before, step])
    before = step
  }

  test('there is something to compare', () => {
    expect(pairs.length).toBeGreaterThan(15)
    expect(pairs.some(([, { reloaded }]) => reloaded)).toBe(true)
  })

  test.each(pairs.map(([a, b]) => [a.name, b.name, a, b] as const))(
    '%s, then %s',
    (_a, _b, first, second) => {
      expect({ sameKey: first.key === second.key, reloaded: second.reloaded }).toEqual({
        sameKey: !second.reloaded,
        reloaded: second.reloaded,
      })
    },
  )
})

describe('names', () => {
  test.each([
    ['plain', 'plain:latest'],
    ['plain', 'registry.ollama.ai/library/plain:latest'],
    ['plain', 'PLAIN'],
  ])('%s and %s are one group', (a, b) => {
    expect(loadSignature({ model: a })).toBe(loadSignature({ model: b }))
  })

  test('of one weights file are one group, and another num_ctx is another', async () => {
    const sim = await simulate({ maxLoaded: 1 })
    const foreman = await startForeman({ target: sim.url })
    await until(async () => (await foreman.store.catalogue.unasked()).length === 0)
    await foreman.stopWorker()
    const ask = (model: string, options = {}) =>
      post(foreman.url, '/api/chat', {
        model,
        messages: [{ role: 'user', content: 'hi' }],
        stream: false,
        options,
      })
    const answers = [
      ask('plain'),
      ask('think', { temperature: 1 }),
      ask('json'),
      ask('plain', { num_ctx: 2048 }),
    ]
    await until(async () => (await foreman.store.queue.waitingLines()).length === 2)
    foreman.startWorker()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(sim.loads).toBe(2)
  })

  test('that turn out to share their weights while their jobs wait become one group', async () => {
    const sim = await simulate()
    sim.fault({ kind: 'refuse' })
    const foreman = await startForeman({ target: sim.url, awaitTarget: false })
    const answers = ['plain', 'think', 'json'].map(model =>
      post(foreman.url, '/api/generate', { model, prompt: 'hi' }),
    )
    await until(async () => (await foreman.store.queue.waitingLines()).length === 3)
    await foreman.store.catalogue.replaceModels(
      ['plain', 'think', 'json'].map(name => ({
        name: `registry.ollama.ai/library/${name}:latest`,
        digest: name,
        remote: false,
      })),
    )
    for (const name of ['plain', 'think', 'json']) {
      await foreman.store.queue.regroup(`registry.ollama.ai/library/${name}:latest`, () => 'the same')
    }
    expect(await foreman.store.queue.waitingLines()).toHaveLength(1)
    await sim.clearFaults()
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
  })
})

describe('embeddings', () => {
  test.each([
    ['/api/embed', '{"model":"embed","input":"hi","keep_alive":"24h"}'],
    ['/api/embed', '{"model":"embed", "Keep_Alive": 0 , "input":["hi","there"],"keep_alive":-1}'],
    ['/api/embeddings', '{"keep_alive":"1s","model":"embed","prompt":"hi"}'],
  ])('on %s do not say how long their model stays: %s', async (path, body) => {
    const sim = await simulate({ keepAliveMs: 3_600_000 })
    const foreman = await startForeman({ target: sim.url })
    const { status } = await send(foreman.url, { path, body })
    expect(status).toBe(200)
    const { models } = JSON.parse(
      (await send(sim.url, { method: 'GET', path: '/api/ps' })).body.toString(),
    ) as {
      models: { expires_at: string }[]
    }
    const staysMs = Date.parse(models[0]?.expires_at ?? '') - Date.now()
    expect(Math.round(staysMs / 60_000)).toBe(60)
  })
})
