import { describe, expect, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { hello, startJobs } from '../harness/jobs.ts'
import { send } from '../harness/request.ts'
import { startScriptedTarget } from '../harness/scripted-target.ts'
import { until } from '../harness/until.ts'

const messages = [{ role: 'user', content: 'Hello!' }]
const DAY_MS = 24 * 3_600_000

/** What differs from one answer to the next: ids and times. */
const VARYING = /^(id|call_id|item_id|created|created_at|completed_at|\w+_duration)$/

/** A value with all that is said in it, but without what differs from one answer to the next. */
const said = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, each: unknown) => (VARYING.test(name) ? typeof each : each)))

const weather = {
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
}
const tools = [{ type: 'function', function: weather }]
const usage = { stream_options: { include_usage: true } }

describe('the result', () => {
  test.each<[what: string, endpoint: string, request: object]>([
    ['text', '/api/generate', { model: 'unicode', prompt: 'Hello!' }],
    [
      'as much text as was asked for',
      '/api/generate',
      { model: 'alpha', prompt: 'x', options: { num_predict: 9 } },
    ],
    ['a thought', '/api/generate', { model: 'think', prompt: 'x', think: true }],
    ['text', '/api/chat', { model: 'unicode', messages }],
    ['a thought', '/api/chat', { model: 'think', messages, think: true }],
    ['a call', '/api/chat', { model: 'tools', messages, tools }],
    ['log probabilities', '/api/chat', { model: 'plain', messages, logprobs: true }],
    ['text', '/v1/chat/completions', { model: 'unicode', messages, stream: true, ...usage }],
    [
      'as much text as was asked for',
      '/v1/chat/completions',
      { model: 'alpha', messages, max_tokens: 9, stream: true, ...usage },
    ],
    ['a thought', '/v1/chat/completions', { model: 'think', messages, stream: true, ...usage }],
    ['a call', '/v1/chat/completions', { model: 'tools', messages, tools, stream: true, ...usage }],
    ['text', '/v1/completions', { model: 'unicode', prompt: 'x', stream: true, ...usage }],
    ['text', '/v1/responses', { model: 'unicode', input: 'x', stream: true }],
    [
      'a call',
      '/v1/responses',
      { model: 'tools', input: 'x', stream: true, tools: [{ type: 'function', ...weather }] },
    ],
    ['text', '/v1/messages', { model: 'unicode', messages, max_tokens: 99, stream: true }],
    [
      'as much text as was asked for',
      '/v1/messages',
      { model: 'alpha', messages, max_tokens: 9, stream: true },
    ],
    [
      'a call',
      '/v1/messages',
      {
        model: 'tools',
        messages,
        max_tokens: 99,
        stream: true,
        tools: [{ name: 'get_weather', input_schema: weather.parameters }],
      },
    ],
  ])(
    '%s of a streamed answer of %s is word for word what the target says without a stream',
    async (_what, endpoint, request) => {
      const { submit, ended, sim } = await startJobs()
      const { id } = await submit({ endpoint, request })
      const { result } = await ended(id)
      const body = JSON.stringify({ ...request, stream: false, stream_options: undefined })
      const direct = await send(sim.url, { path: endpoint, body })
      expect(direct.status).toBe(200)
      expect(said(result)).toEqual(said(JSON.parse(direct.body.toString())))
    },
  )

  test.each([
    ['/api/chat', { model: 'plain', messages }],
    ['/api/generate', { model: 'plain', prompt: 'x' }],
    ['/api/chat', { model: 'plain', prompt: 'x', messages }],
  ])('is that of %s where no endpoint is given', async (endpoint, request) => {
    const { submit, ended, sim } = await startJobs()
    const { id } = await submit({ request })
    expect(await ended(id)).toMatchObject({ state: 'succeeded', endpoint })
    expect(sim.requests.some(({ path }) => path === endpoint)).toBe(true)
  })
})

test('a job shows where it waits, then how far it is, then what it took', async () => {
  const { submit, ask, ended, sim } = await startJobs({ sim: { tokensPerSecond: 20 } })
  const shown = async (id: string) => (await ask('GET', `/jobs/${id}`)).json
  const first = await submit({ request: { model: 'alpha', prompt: 'x', options: { num_predict: 40 } } })
  await until(() => sim.inFlight === 1)
  const queued = [await submit(hello), await submit(hello), await submit(hello)]
  const positions = () => Promise.all(queued.map(async ({ id }) => (await shown(id))['position']))
  expect(await positions()).toEqual([0, 1, 2])
  await ask('DELETE', `/jobs/${queued[0]!.id}`)
  expect(await positions()).toEqual([undefined, 0, 1])
  await until(async () => (await shown(first.id))['progress'])
  const running = await shown(first.id)
  expect(running).toMatchObject({
    state: 'running',
    attempts: 1,
    progress: { tokens: expect.any(Number) as number },
  })
  expect(running).not.toHaveProperty('usage')
  const over = await ended(first.id)
  expect(over.usage).toMatchObject({ completion_tokens: 40 })
  expect(over).not.toHaveProperty('progress')
  const again = await ask('DELETE', `/jobs/${first.id}`)
  expect([again.status, again.json]).toEqual([200, over])
})

test('a job whose time is up is gone everywhere, and one that has not ended is not, however old it is', async () => {
  let now = Date.now()
  const { submit, ask, ended, foreman } = await startJobs({ now: () => now })
  const over = await submit(hello)
  const { expires_at } = await ended(over.id)
  expect(Date.parse(expires_at!) - now).toBe(DAY_MS)
  await foreman.stopWorker()
  const queued = await submit(hello)
  now += DAY_MS + 1
  // A new worker looks at once for what has had its time.
  foreman.startWorker({ FOREMAN_OLLAMA_URL: 'http://127.0.0.1:1' })
  await until(async () => !(await foreman.store.records.byId(over.id)))
  const routes = [
    'GET ',
    'DELETE ',
    'POST /cancel',
    'POST /retry',
    'GET /events',
    'GET /stream',
    'GET /deliveries',
  ]
  for (const route of routes) {
    const [method = '', below = ''] = route.split(' ')
    const { status, json } = await ask(method, `/jobs/${over.id}${below}`)
    expect([route, status, json.code]).toEqual([route, 410, 'job_expired'])
  }
  expect((await ask('GET', `/jobs/${queued.id}`)).json['state']).toBe('queued')
  expect(((await ask('GET', '/jobs')).json['jobs'] as { id: string }[]).map(({ id }) => id)).toEqual([
    queued.id,
  ])
})

test('a job whose caller has the answer cannot be repeated once its bytes are gone', async () => {
  const { ask, foreman } = await startJobs({ variables: { FOREMAN_SYNC_TTL: '0s' } })
  const { headers } = await ask('POST', '/api/generate', { ...hello.request, stream: false })
  const id = String(headers['x-foreman-job-id'])
  const { seq } = (await foreman.store.records.byId(id))!
  await until(async () => {
    await foreman.stopWorker()
    foreman.startWorker()
    return (await foreman.store.records.request(seq)) === undefined
  })
  expect((await ask('POST', `/jobs/${id}/retry`)).json).toMatchObject({ status: 410, code: 'job_expired' })
  expect((await ask('GET', `/jobs/${id}/request`)).json).toMatchObject({ status: 410, code: 'job_expired' })
  expect((await ask('GET', `/jobs/${id}/stream`)).json).toMatchObject({ status: 409, code: 'no_answer' })
  const { json } = await ask('GET', `/jobs/${id}`)
  expect(json).toMatchObject({ state: 'succeeded', usage: {} })
  expect(json).not.toHaveProperty('result')
})

const DIGITS = '{"id": 1234567890123456789, "ratio": 1.0, "huge": 1e400}'

test.each([
  ['non-streaming', 'application/json', `{"model":"plain","response":"","context":[${DIGITS}],"done":true}`],
  [
    'streaming',
    'application/x-ndjson',
    `{"model":"plain","response":"","logprobs":[${DIGITS}],"done":false}\n{"model":"plain","response":"","done":true}\n`,
  ],
])(
  'numbers keep their digits: in metadata, in a %s answer, in lists and in a retry',
  async (_what, type, body) => {
    const target = await startScriptedTarget()
    const foreman = await startForeman({ target: target.url })
    const read = async (method: string, path: string, given?: string, headers = {}) =>
      (await send(foreman.url, { method, path, body: given, headers })).body.toString()
    const idOf = (text: string) => (JSON.parse(text) as { id: string }).id
    const submission = `{"request":{"model":"plain","prompt":"x"},"metadata":${DIGITS}}`
    const id = idOf(await read('POST', '/jobs', submission))
    const response = await target.next()
    response.writeHead(200, { 'Content-Type': type }).end(body)
    const ended = await read('GET', `/jobs/${id}`, undefined, { prefer: 'wait=30' })
    expect(ended).toContain(`"metadata":${DIGITS}`)
    expect(ended).toContain(`[${DIGITS}]`)
    const again = idOf(await read('POST', `/jobs/${id}/retry`))
    expect(await read('GET', `/jobs/${again}`)).toContain(`"metadata":${DIGITS}`)
    expect((await read('GET', '/jobs')).split(`"metadata":${DIGITS}`)).toHaveLength(3)
  },
)
