import { canonicalModelName, generatingEndpoints } from '@foreman/ollama-client'
import { type Sim, startSim } from '@foreman/ollama-sim'
import type { Store } from '@foreman/store'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Foreman, startForeman } from '../harness/foreman.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const MODELS = ['plain', 'tools', 'think', 'embed']
const messages = [{ role: 'user', content: 'hi' }]
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }
const options = { num_predict: 1 }

/** For each route, a request that the target takes. */
const taken: Record<string, Record<string, unknown>> = {
  '/api/chat': { messages, options },
  '/api/generate': { prompt: 'hi', options },
  '/v1/chat/completions': { messages, max_tokens: 1 },
  '/v1/completions': { prompt: 'hi', max_tokens: 1 },
  '/v1/responses': { input: 'hi', max_output_tokens: 1 },
  '/v1/messages': { messages, max_tokens: 1 },
}

/** What is put into each field of each request, one at a time. */
const values: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  1,
  1.5,
  -1,
  21,
  '',
  'x',
  'low',
  '5m',
  [],
  ['x'],
  [1],
  {},
  { effort: 'low' },
  { num_ctx: 'x' },
  { stop: ['x', 5] },
]

/** Requests that differ in more than one field, or in a value that has a meaning in that field only. */
const further: readonly [path: string, fields: Record<string, unknown>][] = [
  ['/api/chat', { messages, tools: [tool] }],
  ['/api/chat', { messages, tools: [tool], think: true }],
  ['/api/chat', { tools: [tool] }],
  ['/api/chat', { messages, options: { temperature: 'hot', stop: null } }],
  ['/api/generate', { prompt: 'x', raw: true, template: 'y' }],
  ['/api/generate', { prompt: 'x', raw: true, context: [1] }],
  ['/api/generate', { prompt: 'x', raw: false, system: 'y', options }],
  ['/api/generate', { suffix: 'y' }],
  ['/v1/chat/completions', { messages, tools: [tool], stream: true }],
  ['/v1/chat/completions', { messages, reasoning: { effort: 'none' }, reasoning_effort: 'low' }],
  ['/v1/responses', { input: 'x', tools: [{ type: 'function', name: 'f', parameters: {} }], stream: true }],
  ['/v1/responses', { input: 'x', tools: [{ type: 'web_search' }] }],
  ['/v1/messages', { messages, max_tokens: 1, tools: [{ name: 'f', input_schema: { type: 'object' } }] }],
  ['/v1/messages', { messages, max_tokens: 1, thinking: { type: 'enabled', budget_tokens: 1 } }],
  ['/v1/messages', { messages }],
]

/** The fields that decide what a model must be able to do. */
const ABOUT_MODELS = new Set(['tools', 'think', 'reasoning', 'reasoning_effort', 'suffix'])

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0

const requestsOf = (path: string, model: string): Record<string, unknown>[] => {
  const base = { ...taken[path], model }
  const { fields } = generatingEndpoints.find(endpoint => endpoint.path === path)!
  const names = Object.keys(fields).filter(
    name => name !== 'model' && (model === 'plain' || ABOUT_MODELS.has(name)),
  )
  return [
    base,
    ...names.flatMap(name =>
      // The simulator does not know a request without any input.
      values
        .filter(value => name !== 'input' || !isEmptyList(value))
        .map(value => ({ ...base, [name]: value })),
    ),
    ...further.filter(([at]) => at === path).map(([, more]) => ({ ...more, model })),
  ]
}

/** A simulated Ollama, and a foreman that knows its models and runs no jobs. */
const setUp = async (): Promise<{ sim: Sim; foreman: Foreman }> => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const foreman = await startForeman({ target: sim.url })
  await until(async () => (await foreman.store.catalogue.unasked()).length === 0)
  await foreman.stopWorker()
  return { sim, foreman }
}

/** The requests for answers that the target has seen. */
const generating = ({ requests }: Sim): number => requests.filter(({ path }) => path in taken).length

const digestOf = async (model: string, catalogue: Store['catalogue']): Promise<string> =>
  (await catalogue.model(canonicalModelName(model)!))!.digest

/** An Anthropic error has an id of its own. */
const masked = (text: string): string => text.replace(/req_[0-9a-f]{24}/, 'req_')

/** What foreman does with a request: the answer that it sends at once, or `queued`. */
const fate = async ({ url, store }: Foreman, path: string, body: object): Promise<string> => {
  const leave = new AbortController()
  let answer: string | undefined
  void post(url, path, body, leave.signal).then(
    ({ status, text, headers }) => (answer = `${status} ${headers['content-type']} ${masked(text)}`),
    () => undefined,
  )
  await until(async () => answer !== undefined || (await store.records.queued()) > 0)
  leave.abort()
  await until(async () => (await store.records.queued()) === 0)
  return answer ?? 'queued'
}

/** Refusals of what foreman does not look at: it leaves such requests to the queue. */
const UNSEEN = /illegal base64 data|invalid reasoning value/

describe.each(Object.keys(taken))('on %s', path => {
  test('foreman refuses at once what the simulated Ollama refuses, in the same words, and queues the rest', async () => {
    const { sim, foreman } = await setUp()
    const wrong: unknown[] = []
    let refusals = 0
    for (const model of MODELS) {
      for (const body of requestsOf(path, model)) {
        const { status, text, headers } = await post(sim.url, path, body)
        const isRefused = status >= 400
        if (UNSEEN.test(text)) continue
        const expected = isRefused ? `${status} ${headers['content-type']} ${masked(text)}` : 'queued'
        const [loads, seen] = [sim.loads, generating(sim)]
        const got = await fate(foreman, path, body)
        const asked = generating(sim) - seen
        if (got !== expected || sim.loads !== loads || asked !== Number(isRefused))
          wrong.push([JSON.stringify(body), expected, got, asked])
        refusals += Number(isRefused)
      }
    }
    expect(wrong).toEqual([])
    expect(refusals).toBeGreaterThan(100)
  }, 60_000)
})

const withTools = { model: 'plain', messages, tools: [tool] }
const WORDS = 'registry.ollama.ai/library/plain:latest does not support tools'

const submit = async ({ url }: Foreman, request: object, headers: Record<string, string> = {}) => {
  const body = JSON.stringify({ endpoint: '/api/chat', request })
  const answer = await send(url, {
    path: '/jobs',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  return { ...answer, json: JSON.parse(answer.body.toString()) as Record<string, unknown> }
}

describe('a background job that the target would refuse', () => {
  test('gets the refusal itself with `Prefer: respond-async`', async () => {
    const { sim, foreman } = await setUp()
    const path = '/v1/chat/completions'
    const body = JSON.stringify(withTools)
    const answer = await send(foreman.url, { path, headers: { prefer: 'respond-async' }, body })
    expect(answer).toMatchObject({ status: 400, body: (await send(sim.url, { path, body })).body })
    expect(await foreman.store.records.queued()).toBe(0)
  })

  test.each([
    [400, withTools, WORDS],
    [400, { model: 'plain', messages: 'x' }, 'cannot unmarshal string'],
    [
      422,
      { model: 'plain', messages, options: { num_ctx: 'x' } },
      'option "num_ctx" must be of type integer',
    ],
  ])('gets a problem with status %i and the words of the target on /jobs', async (status, request, words) => {
    const { foreman } = await setUp()
    const { headers, json, ...answer } = await submit(foreman, request)
    expect(headers['content-type']).toContain('application/problem+json')
    expect([answer.status, json['code'], json['detail']]).toEqual([
      status,
      'target_refuses',
      expect.stringContaining(words),
    ])
    expect(await foreman.store.records.queued()).toBe(0)
  })

  test('keeps a batch out of the queue, and the target is asked about one of its kind', async () => {
    const { sim, foreman } = await setUp()
    const good = { endpoint: '/api/chat', request: { model: 'plain', messages } }
    const bad = { endpoint: '/api/chat', request: withTools }
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify([good, good, bad, bad, bad])
    const answer = await send(foreman.url, { path: '/jobs/batch', headers, body })
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      status: 400,
      code: 'target_refuses',
      index: 2,
    })
    expect(await foreman.store.records.queued()).toBe(0)
    expect(generating(sim)).toBe(1)
  })
})

describe('a request goes through the queue', () => {
  const LATER = JSON.stringify({ version: '0.34.0' })
  test.each<[when: string, change: (store: Store) => Promise<void>]>([
    [
      'the version of the target is not familiar',
      ({ catalogue }) =>
        catalogue.keepSnapshot('/api/version', { headers: [], body: Buffer.from(LATER), polledAt: 1 }),
    ],
    ['the target is away', ({ target }) => target.note({ state: 'away', reason: 'a test' })],
    [
      'the target does not say what the model can do',
      async ({ catalogue }) =>
        catalogue.noteLoading(await digestOf('plain', catalogue), { capabilities: [] }),
    ],
  ])('when %s', async (_when, change) => {
    const { sim, foreman } = await setUp()
    await change(foreman.store)
    expect(await fate(foreman, '/api/chat', withTools)).toBe('queued')
    expect(generating(sim)).toBe(0)
  })

  test('when the model has learnt in the meantime what the catalogue says that it cannot do', async () => {
    const { sim, foreman } = await setUp()
    const { catalogue } = foreman.store
    await catalogue.noteLoading(await digestOf('tools', catalogue), { capabilities: ['completion'] })
    expect(await fate(foreman, '/api/chat', { ...withTools, model: 'tools' })).toBe('queued')
    expect(generating(sim)).toBe(0)
  })

  test('when its key has a job already', async () => {
    const { foreman } = await setUp()
    const { catalogue } = foreman.store
    const digest = await digestOf('plain', catalogue)
    const headers = { prefer: 'respond-async', 'idempotency-key': 'k' }
    const ask = () => send(foreman.url, { path: '/api/chat', headers, body: JSON.stringify(withTools) })
    await catalogue.noteLoading(digest, { capabilities: [] })
    const first = await ask()
    await catalogue.noteLoading(digest, { capabilities: ['completion'] })
    const again = await ask()
    expect([first.status, again.headers['idempotency-replayed']]).toEqual([202, 'true'])
    expect((await submit(foreman, withTools)).status).toBe(400)
  })
})

test('a refusal does not wait behind a long answer of another model', async () => {
  const sim = await startSim({ tokensPerSecond: 10 })
  onTestFinished(() => sim.close())
  const foreman = await startForeman({ target: sim.url })
  await until(async () => (await foreman.store.catalogue.unasked()).length === 0)
  const leave = new AbortController()
  const story = { model: 'alpha', prompt: 'go on', options: { num_predict: 600 } }
  const told = post(foreman.url, '/api/generate', story, leave.signal).catch(() => 'left')
  await until(() => sim.inFlight === 1)
  const answer = await post(foreman.url, '/api/chat', withTools)
  expect([answer.status, answer.text]).toEqual([400, JSON.stringify({ error: WORDS })])
  expect(sim.inFlight).toBe(1)
  leave.abort()
  await told
})
