import { describe, expect, test } from 'vitest'
import { endless, hello, startJobs } from '../harness/jobs.ts'
import { type Received, startReceiver, webhookVariables as variables } from '../harness/receiver.ts'
import { until } from '../harness/until.ts'

const all = ['queued', 'started', 'progress', 'retrying', 'succeeded', 'failed', 'cancelled'].map(
  name => `job.${name}`,
)

interface Delivery {
  readonly id: string
  readonly event: string
  readonly state: string
  readonly next_attempt_at?: string
  readonly attempts: { status?: number; error?: string; response?: string; duration_ms: number }[]
}

describe('a webhook', () => {
  test('is told how the job ended, with its result and what came along with it', async () => {
    const receiver = await startReceiver()
    const { submit, ended } = await startJobs({ variables })
    const { id } = await submit({ ...hello, metadata: { a: [1] }, webhook: { url: receiver.url } })
    const job = await ended(id)
    await until(() => receiver.received.length === 1)
    const [message] = receiver.received
    expect(message).toMatchObject({ type: 'job.succeeded', timestamp: job.finished_at, data: { job } })
    expect(message!.id).toMatch(/^msg_[0-9a-f]{32}$/)
    expect(message!.data.job).toHaveProperty('result.response')
  })

  test('is told of everything that it wants to know', async () => {
    const receiver = await startReceiver()
    const { submit, ended, sim } = await startJobs({ variables, sim: { tokensPerSecond: 20 } })
    sim.fault({ kind: 'die', afterChunks: 1, count: 1, path: '/api/generate' })
    const request = { model: 'alpha', prompt: 'go on', options: { num_predict: 60 } }
    const { id } = await submit({ request, webhook: { url: receiver.url, events: all } })
    await ended(id)
    await until(() => receiver.received.some(({ type }) => type === 'job.succeeded'))
    const types = receiver.received.map(({ type }) => type)
    expect(new Set(types)).toEqual(
      new Set(['job.queued', 'job.started', 'job.progress', 'job.retrying', 'job.succeeded']),
    )
    const progress = receiver.received.filter(({ type }) => type === 'job.progress')
    const tokens = progress.map(({ data }) => (data.job['progress'] as { tokens: number }).tokens)
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    const times = progress.map(({ timestamp }) => Date.parse(timestamp))
    for (const [at, time] of times.slice(1).entries()) expect(time - times[at]!).toBeGreaterThanOrEqual(950)
  })

  test('is given a link to a result that is long', async () => {
    const receiver = await startReceiver()
    const { submit, ended } = await startJobs({
      variables: { ...variables, FOREMAN_PUBLIC_URL: 'https://foreman.example/base/' },
    })
    const request = { model: 'alpha', prompt: 'go on', options: { num_predict: 20_000 } }
    const { id } = await submit({ request, webhook: { url: receiver.url } })
    expect(JSON.stringify((await ended(id)).result).length).toBeGreaterThan(20_000)
    await until(() => receiver.received.length === 1)
    expect(receiver.received[0]!.data.result_url).toBe(`https://foreman.example/base/jobs/${id}`)
    expect(receiver.received[0]!.data.job).not.toHaveProperty('result')
  })

  test('is given a link to a result that nests too deep to be shown, and the job says why', async () => {
    const receiver = await startReceiver()
    const { submit, ended, sim } = await startJobs({ variables })
    const body = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
    const answer = { status: 200, body, contentType: 'application/json', path: '/api/generate' }
    sim.fault({ kind: 'status', ...answer, count: 1 })
    const webhook = { url: receiver.url }
    const { id } = await submit({ ...hello, webhook })
    const { state, attempts, result_omitted: omitted } = await ended(id)
    expect({ state, attempts, omitted }).toMatchObject({
      state: 'succeeded',
      attempts: 1,
      omitted: expect.stringContaining('nests deeper than') as string,
    })
    const beside = await submit({ ...hello, webhook })
    expect(await ended(beside.id)).toMatchObject({ state: 'succeeded', attempts: 1 })
    await until(() => receiver.received.length === 2)
    const { data } = receiver.received.find(message => message.data.job.id === id)!
    expect(data.job).not.toHaveProperty('result')
    expect(data.result_url).toMatch(new RegExp(`/jobs/${id}$`))
  })

  test('is told of a job that is called off before it began, and of one that failed, in the words of the target', async () => {
    const receiver = await startReceiver()
    const { submit, ask, ended, sim } = await startJobs({ variables, sim: { tokensPerSecond: 20 } })
    const webhook = { url: receiver.url }
    const running = await submit(endless)
    await until(() => sim.inFlight === 1)
    const queued = await submit({ ...hello, webhook })
    await ask('DELETE', `/jobs/${queued.id}`)
    sim.fault({ kind: 'status', status: 400, error: 'no, thanks', model: 'plain' })
    const failing = await submit({ ...hello, webhook })
    await ask('DELETE', `/jobs/${running.id}`)
    await ended(failing.id)
    await until(() => receiver.received.length === 2)
    const told = new Map(receiver.received.map(({ type, data }) => [type, data.job]))
    expect(told.get('job.cancelled')).toMatchObject({ id: queued.id, error: { code: 'cancelled' } })
    expect(told.get('job.failed')).toMatchObject({
      error: { code: 'http_error', message: 'no, thanks', status: 400 },
    })
  })

  test('goes along with a job that is repeated', async () => {
    const receiver = await startReceiver()
    const { submit, ask, ended } = await startJobs({ variables })
    const { id } = await submit({ ...hello, webhook: { url: receiver.url } })
    await ended(id)
    const again = String((await ask('POST', `/jobs/${id}/retry`)).json['id'])
    await until(() => receiver.received.length === 2)
    expect(receiver.received.map(({ data }) => data.job.id)).toEqual([id, again])
  })
})

describe('a message', () => {
  const delivered = async ({ ask }: Awaited<ReturnType<typeof startJobs>>, id: string) =>
    (await ask('GET', `/jobs/${id}/deliveries`)).json['deliveries'] as Delivery[]

  test('that is refused shows why, and when it is sent again; it can be sent again at once', async () => {
    const receiver = await startReceiver(() => ({
      status: 503,
      headers: { 'Retry-After': '600' },
      body: 'not now',
    }))
    const started = await startJobs({ variables })
    const { id } = await started.submit({ ...hello, webhook: { url: receiver.url } })
    await until(async () => (await delivered(started, id))[0]?.attempts.length === 1)
    const [pending] = await delivered(started, id)
    expect(pending).toMatchObject({
      event: 'job.succeeded',
      state: 'pending',
      attempts: [{ status: 503, response: 'not now' }],
    })
    expect(Date.parse(pending!.next_attempt_at!) - Date.now()).toBeGreaterThan(590_000)
    receiver.answer = () => 204
    const path = `/jobs/${id}/deliveries/${pending!.id}`
    expect((await started.ask('POST', `${path}/redeliver`)).status).toBe(202)
    await until(async () => (await started.ask('GET', path)).json['state'] === 'delivered')
    expect(receiver.received.map(message => message.id)).toEqual([pending!.id, pending!.id])
    expect((await started.ask('GET', path)).json['attempts']).toHaveLength(2)
    expect((await started.ask('GET', `/jobs/${id}/deliveries/msg_0`)).json.code).toBe('delivery_not_found')
  })

  test('is not kept from a receiver by another that never answers', async () => {
    const [dead, well] = [await startReceiver(() => 'hang'), await startReceiver()]
    const { submit } = await startJobs({ variables })
    for (let n = 0; n < 10; n++) {
      await submit({ ...hello, webhook: { url: dead.url } })
      await submit({ ...hello, webhook: { url: well.url } })
    }
    await until(() => well.received.length === 10)
    expect(dead.received.length).toBeLessThanOrEqual(2)
  })

  test('goes on with its schedule when the worker is another', async () => {
    const receiver = await startReceiver(() => 'reset')
    const started = await startJobs({ variables })
    const { id } = await started.submit({ ...hello, webhook: { url: receiver.url } })
    await until(async () => (await delivered(started, id))[0]?.attempts.length === 1)
    await started.foreman.stopWorker()
    const [before] = await delivered(started, id)
    started.foreman.startWorker()
    receiver.answer = () => 204
    await until(() => receiver.received.length === 2)
    const [after] = await delivered(started, id)
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(before!.next_attempt_at!))
    await until(async () => (await delivered(started, id))[0]?.state === 'delivered')
    expect(after!.id).toBe(before!.id)
  })

  test('to a URL that is gone is the last', async () => {
    const receiver = await startReceiver(() => 410)
    const started = await startJobs({ variables, sim: { tokensPerSecond: 50 } })
    const webhook = { url: receiver.url, events: ['job.queued', 'job.cancelled'] }
    const { id } = await started.submit({ ...endless, webhook })
    await until(async () => (await delivered(started, id))[0]?.state === 'dead')
    await started.ask('DELETE', `/jobs/${id}`)
    await started.ended(id)
    expect(await delivered(started, id)).toHaveLength(1)
    const types: string[] = receiver.received.map(({ type }: Received) => type)
    expect(types).toEqual(['job.queued'])
  })
})

describe('a destination', () => {
  test.each([
    ['http://127.0.0.1:9/', /private address \(FOREMAN_WEBHOOK_ALLOW can allow it\)/],
    ['http://localhost:9/', /private address/],
    ['http://169.254.169.254/latest', /never/],
    ['http://[::ffff:127.0.0.1]/', /never/],
    ['ftp://example.org/', /http/],
    ['what', /absolute URL/],
  ])('%s is refused when the job is handed over', async (url, why) => {
    const { ask } = await startJobs({ worker: false, variables: { FOREMAN_WEBHOOK_SECRET: 'x' } })
    const { status, json } = await ask('POST', '/jobs', { ...hello, webhook: { url } })
    expect([status, json.code]).toEqual([422, 'webhook_refused'])
    expect(json['detail']).toMatch(why)
  })

  test('is looked at again when the message is sent', async () => {
    const receiver = await startReceiver()
    const { submit, foreman, ask } = await startJobs({ variables, worker: false })
    const { id } = await submit({ ...hello, webhook: { url: receiver.url } })
    foreman.startWorker({ FOREMAN_WEBHOOK_ALLOW: 'somewhere.else' })
    const attempts = async () =>
      ((await ask('GET', `/jobs/${id}/deliveries`)).json['deliveries'] as Delivery[])[0]?.attempts ?? []
    await until(async () => (await attempts()).length === 1)
    expect((await attempts())[0]!.error).toMatch(/^refused_destination: 127\.0\.0\.1 is a private address/)
    expect(receiver.received).toEqual([])
  })
})

test('a job whose time is up stays until its message has arrived', async () => {
  const receiver = await startReceiver(() => 500)
  const { submit, foreman, ask, ended } = await startJobs({
    variables: { ...variables, FOREMAN_JOB_TTL: '1ms' },
  })
  const told = await submit({ ...hello, webhook: { url: receiver.url } })
  const plain = await submit(hello)
  await until(() => receiver.received.length > 0)
  await until(async () => (await foreman.store.records.byId(plain.id))?.finishedAt !== null)
  // A new worker looks at once for what has had its time.
  await foreman.stopWorker()
  foreman.startWorker()
  await until(async () => (await foreman.store.records.byId(plain.id)) === undefined)
  expect((await ended(told.id)).state).toBe('succeeded')
  expect((await ask('GET', `/jobs/${plain.id}`)).status).toBe(410)
})

describe('a receiver that does not answer', () => {
  test('delays no other receiver, however many there are', async () => {
    const dead = await Promise.all(Array.from({ length: 16 }, () => startReceiver(() => 'hang')))
    const healthy = await startReceiver()
    const { ask, submit, ended } = await startJobs({ variables })
    const batch = dead.flatMap(({ url }) =>
      Array.from({ length: 4 }, () => ({ ...hello, webhook: { url, events: ['job.queued'] } })),
    )
    await ask('POST', '/jobs/batch', batch, { 'content-type': 'application/json' })
    await until(() => dead.filter(({ received }) => received.length > 0).length >= 12)
    const { id } = await submit({ ...hello, webhook: { url: healthy.url, events: ['job.queued'] } })
    const at = performance.now()
    await until(() => healthy.received.length === 1)
    // Each dead receiver may take 15 s.
    expect(performance.now() - at).toBeLessThan(8_000)
    expect(dead.every(({ received }) => received.length <= 1)).toBe(true)
    await ended(id)
  })
})

describe('a receiver that is gone', () => {
  test('is gone for the caller whose job it was, and for no other', async () => {
    const receiver = await startReceiver(({ data }) => (data.job['metadata'] ? 410 : 204))
    const { submit } = await startJobs({
      variables: { ...variables, FOREMAN_TOKENS: 'ann:one,bob:two' },
      sim: { tokensPerSecond: 20 },
    })
    const as = (token: string) => ({ authorization: `Bearer ${token}` })
    const request = { model: 'alpha', prompt: 'go on', options: { num_predict: 30 } }
    const webhook = { url: receiver.url }
    await submit({ request, webhook }, as('two'))
    const announced = { ...webhook, events: ['job.queued', 'job.succeeded'] }
    await submit({ ...hello, webhook: announced, metadata: { of: 'ann' } }, as('one'))
    await until(() => receiver.received.length === 2)
    expect(receiver.received.map(({ type }) => type)).toEqual(['job.queued', 'job.succeeded'])
  })
})
