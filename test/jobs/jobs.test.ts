import { listJobs } from '@foreman/store/testing'
import { describe, expect, test } from 'vitest'
import { endless, hello, startJobs } from '../harness/jobs.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const messages = [{ role: 'user', content: 'Hello!' }]

describe('work that is handed over', () => {
  test.each<[endpoint: string, request: object]>([
    ['/api/generate', { model: 'plain', prompt: 'Hello!' }],
    ['/api/chat', { model: 'plain', messages }],
    ['/v1/chat/completions', { model: 'plain', messages }],
    [
      '/v1/chat/completions',
      { model: 'plain', messages, stream: true, stream_options: { include_usage: true } },
    ],
    ['/v1/completions', { model: 'plain', prompt: 'Hello!' }],
    ['/v1/responses', { model: 'plain', input: 'Hello!', stream: true }],
    ['/v1/messages', { model: 'plain', messages, max_tokens: 99, stream: true }],
  ])('for %s comes out as that route answers without a stream', async (endpoint, request) => {
    const { submit, ended, sim } = await startJobs()
    const { id } = await submit({ endpoint, request })
    const { state, result, usage } = await ended(id)
    expect(state).toBe('succeeded')
    const direct = await send(sim.url, {
      path: endpoint,
      body: JSON.stringify({ ...request, stream: false }),
    })
    const expected = JSON.parse(direct.body.toString()) as Record<string, unknown>
    expect(shapeOf(result)).toEqual(shapeOf(expected))
    expect(usage?.completion_tokens).toBeGreaterThan(0)
  })

  test('is answered with 202, where it is, and what it is', async () => {
    const { ask } = await startJobs({ worker: false })
    const { status, headers, json } = await ask('POST', '/jobs', { ...hello, metadata: { a: 1 } })
    expect(status).toBe(202)
    expect(headers['location']).toBe(`/jobs/${String(json['id'])}`)
    expect(json).toMatchObject({
      state: 'queued',
      endpoint: '/api/generate',
      metadata: { a: 1 },
    })
    expect(json).not.toHaveProperty('position')
    const { id } = (await ask('POST', '/jobs', hello)).json
    expect((await ask('GET', `/jobs/${String(id)}`)).json['position']).toBe(1)
  })

  test('waits while the target is away, and runs when it is back', async () => {
    const { submit, ended, sim, ask, foreman } = await startJobs()
    const refusal = sim.fault({ kind: 'refuse' })
    // Asked in vain, the gateway lets the worker look.
    await ask('GET', '/api/ps')
    await until(async () => (await foreman.store.target.read()).state === 'away')
    const { id } = await submit({ request: { model: 'never-heard-of', prompt: 'x' } })
    const known = await submit(hello)
    await refusal.lift()
    expect((await ended(known.id)).state).toBe('succeeded')
    expect((await ended(id)).error).toMatchObject({
      code: 'http_error',
      status: 404,
      message: "model 'never-heard-of' not found",
    })
  })

  test.each<[what: string, body: unknown, status: number, code: string, pointer?: string]>([
    ['no JSON', '{"request":', 400, 'invalid_request'],
    ['no object', [], 422, 'invalid_request', ''],
    ['no request', {}, 422, 'invalid_request', '/request'],
    ['a field that there is not', { ...hello, prio: 1 }, 422, 'invalid_request', ''],
    ['no model', { request: { prompt: 'x' } }, 422, 'invalid_request', '/request/model'],
    ['neither messages nor a prompt', { request: { model: 'plain' } }, 422, 'invalid_request', '/endpoint'],
    ['an endpoint that is none', { ...hello, endpoint: '/api/tags' }, 422, 'invalid_request', '/endpoint'],
    ['a priority that is none', { ...hello, priority: 'top' }, 422, 'invalid_request', '/priority'],
    ['no attempts', { ...hello, max_attempts: 0 }, 422, 'invalid_request', '/max_attempts'],
    [
      'a deadline that has passed',
      { ...hello, deadline: '2020-01-01T00:00:00Z' },
      422,
      'invalid_request',
      '/deadline',
    ],
    ['a deadline that is none', { ...hello, deadline: 'soon' }, 422, 'invalid_request', '/deadline'],
    [
      'too much metadata',
      { ...hello, metadata: { a: 'x'.repeat(17_000) } },
      422,
      'invalid_request',
      '/metadata',
    ],
    ['a model that nobody knows', { request: { model: 'no', prompt: 'x' } }, 404, 'model_not_found'],
    [
      'a webhook without a secret here',
      { ...hello, webhook: { url: 'https://example.org' } },
      422,
      'webhook_refused',
    ],
  ])('is refused with %s', async (_what, body, status, code, pointer) => {
    const { ask, foreman } = await startJobs()
    const answer = await ask('POST', '/jobs', body)
    expect([answer.status, answer.json.code]).toEqual([status, code])
    expect(answer.headers['content-type']).toBe('application/problem+json')
    const pointers = ((answer.json['errors'] ?? []) as { pointer: string }[]).map(each => each.pointer)
    expect(pointers).toEqual(pointer === undefined ? [] : [pointer])
    expect(await listJobs(foreman.store)).toEqual([])
  })

  test('is refused when too much waits', async () => {
    const { ask } = await startJobs({ worker: false, variables: { FOREMAN_MAX_QUEUED_JOBS: '2' } })
    const statuses = []
    for (let at = 0; at < 3; at++) statuses.push((await ask('POST', '/jobs', hello)).status)
    expect(statuses).toEqual([202, 202, 503])
    const { status, json, headers } = await ask('POST', '/api/generate', hello.request, {
      prefer: 'respond-async',
    })
    expect([status, json['error']]).toEqual([503, 'the queue is full: 2 jobs wait'])
    expect(headers['retry-after']).toBe('30')
  })

  test.each<[what: string, headers: (at: number) => Record<string, string>]>([
    ['is to finish without it', () => ({ 'x-foreman-on-disconnect': 'finish' })],
    ['has a key', at => ({ 'idempotency-key': String(at) })],
  ])('counts as waiting when its caller leaves and the job %s', async (_what, headers) => {
    const variables = { FOREMAN_MAX_QUEUED: '3', FOREMAN_MAX_QUEUED_JOBS: '2' }
    const { foreman } = await startJobs({ worker: false, variables })
    const queued = async () => (await listJobs(foreman.store)).length
    for (let at = 0; at < 2; at++) {
      const leave = new AbortController()
      const body = JSON.stringify(hello.request)
      const options = { path: '/api/generate', headers: headers(at), body, signal: leave.signal }
      const asked = send(foreman.url, options).catch(() => 'left')
      await until(async () => (await queued()) > at)
      leave.abort()
      expect(await asked).toBe('left')
    }
    const more = { path: '/api/generate', headers: headers(2), body: JSON.stringify(hello.request) }
    expect((await send(foreman.url, more)).status).toBe(503)
    expect(await queued()).toBe(2)
  })
})

describe('a job', () => {
  test('is waited for until it has ended, or until the time is up', async () => {
    const { submit, ask, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
    const { id } = await submit(endless)
    await until(() => sim.inFlight === 1)
    const waited = await ask('GET', `/jobs/${id}`, undefined, { prefer: 'wait=1' })
    expect(waited.headers['preference-applied']).toBe('wait=1')
    expect(waited.json['state']).toBe('running')
    const waiting = ask('GET', `/jobs/${id}`, undefined, { prefer: 'wait=60' })
    await ask('DELETE', `/jobs/${id}`)
    expect((await waiting).json['state']).toBe('cancelled')
  })

  test('can be called off in every state, as often as one likes', async () => {
    const { submit, ask, ended, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
    const running = await submit(endless)
    await until(() => sim.inFlight === 1)
    const queued = await submit(hello)
    const first = await ask('POST', `/jobs/${queued.id}/cancel`)
    expect([first.status, first.json['state']]).toEqual([200, 'cancelled'])
    const second = await ask('DELETE', `/jobs/${queued.id}`)
    expect(second.json).toEqual(first.json)
    const called = await ask('DELETE', `/jobs/${running.id}`)
    expect([called.status, called.json['cancel_requested'] ?? called.json['state']]).toEqual([200, true])
    expect(await ended(running.id)).toMatchObject({
      state: 'cancelled',
      error: { code: 'cancelled', message: 'the job was cancelled' },
    })
  })

  test('whose caller waits can be called off by another, and its caller is told so', async () => {
    const { ask, foreman, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
    let text = ''
    const body = JSON.stringify(endless.request)
    const waiting = send(foreman.url, {
      path: '/api/generate',
      body,
      onPiece: piece => (text += piece.toString()),
    })
    await until(() => text.includes('\n') && sim.inFlight === 1)
    const [job] = (await ask('GET', '/jobs')).json['jobs'] as { id: string }[]
    await ask('DELETE', `/jobs/${job!.id}`)
    expect((await waiting).complete).toBe(false)
    expect(text.trimEnd().split('\n').at(-1)).toBe('{"error":"request canceled"}')
  })

  test('can be repeated once it has ended', async () => {
    const { submit, ask, ended, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
    const running = await submit(endless)
    expect((await ask('POST', `/jobs/${running.id}/retry`)).json.code).toBe('not_ended')
    await until(() => sim.inFlight === 1)
    await ask('DELETE', `/jobs/${running.id}`)
    const given = { ...hello, metadata: { a: 1 }, priority: 'high', max_attempts: 7 }
    const { id } = await submit(given)
    await ended(id)
    const again = await ask('POST', `/jobs/${id}/retry`)
    expect(again.status).toBe(202)
    expect(again.json).toMatchObject({ retry_of: id, metadata: { a: 1 }, priority: 'high', state: 'queued' })
    expect((await ended(String(again.json['id']))).state).toBe('succeeded')
  })

  test('that was never there is not found, and one whose time was up long ago has expired', async () => {
    const { ask } = await startJobs({ worker: false })
    const idAt = (ms: number) => `job_${ms.toString(16).padStart(12, '0')}7${'0'.repeat(19)}`
    expect((await ask('GET', `/jobs/${idAt(Date.now())}`)).json).toMatchObject({
      status: 404,
      code: 'job_not_found',
    })
    const old = await ask('GET', `/jobs/${idAt(Date.now() - 25 * 3_600_000)}`)
    expect(old.json).toMatchObject({ status: 410, code: 'job_expired' })
    expect((await ask('GET', '/jobs/what')).status).toBe(404)
  })

  test('that fails says so in the words of the target', async () => {
    const { submit, ended, sim } = await startJobs()
    sim.fault({ kind: 'status', status: 500, error: 'the model is unwell', path: '/api/generate' })
    const { id } = await submit(hello)
    expect(await ended(id)).toMatchObject({
      state: 'failed',
      error: { code: 'http_error', message: 'the model is unwell', status: 500 },
    })
  })

  test('that has a shorter limit of attempts than others fails earlier', async () => {
    const { submit, ended, sim } = await startJobs()
    sim.fault({ kind: 'die', path: '/api/generate' })
    const { id } = await submit({ ...hello, max_attempts: 1 })
    expect(await ended(id)).toMatchObject({ attempts: 1, error: { code: 'target_lost' } })
  })

  test('that has not ended by its deadline fails, be it queued or running', async () => {
    const { submit, ended, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
    const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()
    const running = await submit({ ...endless, deadline: inMs(1_500) })
    await until(() => sim.inFlight === 1)
    const queued = await submit({ ...hello, deadline: inMs(300) })
    for (const { id } of [queued, running]) {
      expect(await ended(id)).toMatchObject({ state: 'failed', error: { code: 'deadline_exceeded' } })
    }
    expect(sim.requests.filter(({ model }) => model === 'plain')).toEqual([])
    await until(() => sim.inFlight === 0)
  })

  test('with a higher priority is sooner, in its group and in others', async () => {
    const { submit, ended, foreman } = await startJobs({ worker: false })
    const order: [model: string, priority: string][] = [
      ['alpha', 'low'],
      ['alpha', 'normal'],
      ['beta', 'high'],
      ['alpha', 'high'],
      ['beta', 'low'],
    ]
    const jobs = []
    for (const [model, priority] of order)
      jobs.push(await submit({ request: { model, prompt: 'x', options: { num_predict: 2 } }, priority }))
    foreman.startWorker()
    const done = await Promise.all(jobs.map(({ id }) => ended(id)))
    const started = done.toSorted((a, b) => (a.started_at! < b.started_at! ? -1 : 1))
    expect(started.map(({ model, priority }) => `${model} ${priority}`)).toEqual([
      'beta high',
      'alpha high',
      'alpha normal',
      'alpha low',
      'beta low',
    ])
  })
})

describe('a list', () => {
  test('shows all jobs once, newest first, page after page, while others come in', async () => {
    const { ask, submit } = await startJobs({ worker: false })
    const lines = Array.from({ length: 1_200 }, () => JSON.stringify(hello)).join('\n')
    const batch = await ask('POST', '/jobs/batch', lines, { 'content-type': 'application/jsonl' })
    const ids = (batch.json['jobs'] as { id: string }[]).map(({ id }) => id)
    const listed: string[] = []
    let cursor: string | null | undefined
    do {
      const query = cursor === undefined ? '' : `&cursor=${cursor}`
      const page = await ask('GET', `/jobs?limit=500${query}`)
      listed.push(...(page.json['jobs'] as { id: string }[]).map(({ id }) => id))
      cursor = page.json['next_cursor'] as string | null
      await submit(hello)
    } while (cursor !== null)
    expect(listed).toEqual(ids.toReversed())
  })

  test('has those that are asked for', async () => {
    const { ask, submit, ended, sim } = await startJobs()
    const first = await ended((await submit(hello)).id)
    const other = await submit({ request: { model: 'alpha', prompt: 'x' }, priority: 'low' })
    await ended(other.id)
    sim.fault({ kind: 'status', status: 400, error: 'broken', path: '/api/generate', count: 1 })
    const { error, id: failed } = await ended((await submit({ request: { model: 'beta', prompt: 'x' } })).id)
    const listed = async (query: string) =>
      ((await ask('GET', `/jobs?${query}`)).json['jobs'] as { id: string }[]).map(({ id }) => id)
    expect(await listed('state=succeeded')).toEqual([other.id, first.id])
    expect(await listed('state=queued')).toEqual([])
    expect(await listed('model=plain:latest')).toEqual([first.id])
    expect(await listed('caller=default&limit=1')).toEqual([failed])
    expect(await listed('caller=somebody')).toEqual([])
    expect(await listed(`since=${other.created_at}`)).toEqual([failed, other.id])
    expect(await listed('priority=low')).toEqual([other.id])
    expect(await listed('priority=normal&state=succeeded')).toEqual([first.id])
    expect(await listed(`code=${error!.code}`)).toEqual([failed])
    expect(await listed('code=stall')).toEqual([])
    const refused = await ask('GET', '/jobs?state=ended&limit=0')
    expect(refused.json).toMatchObject({
      status: 422,
      errors: [{ pointer: '/state' }, { pointer: '/limit' }],
    })
  })
})

test.each([
  '/api/chat',
  '/api/generate',
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
])('%s hands over what prefers to be', async path => {
  const { ask, ended } = await startJobs()
  const request = { model: 'plain', messages, prompt: 'x', input: 'x', max_tokens: 9, stream: true }
  const answer = await ask('POST', path, request, { prefer: 'respond-async' })
  expect([answer.status, answer.headers['preference-applied']]).toEqual([202, 'respond-async'])
  expect((await ended(String(answer.json['id']))).state).toBe('succeeded')
})

/** Which fields there are, without what differs from one answer to the next. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value === 'number') return 'number'
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)]))
}
