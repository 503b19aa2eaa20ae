import { generatingEndpoints } from '@foreman/ollama-client'
import { type Sim, type SimOptions, startSim } from '@foreman/ollama-sim'
import type { DeliveryAttempt, DeliveryResult } from '@foreman/store'
import { newJob } from '@foreman/store/testing'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Contract, contractOf, routesOf, type Seen } from '../harness/contract.ts'
import { type Foreman, type ForemanOptions, startForeman, temporaryDirectory } from '../harness/foreman.ts'
import { root } from '../harness/processes.ts'
import { webhookVariables } from '../harness/receiver.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const run = promisify(execFile)

const UNKNOWN = `job_${'f'.repeat(32)}`
/** Its time, which is in it, was in 1970. */
const EXPIRED = `job_${'0'.repeat(12)}7${'0'.repeat(19)}`

const seen: Seen = new Set()

interface Started extends Contract {
  readonly foreman: Foreman
  readonly sim: Sim
}

const start = async ({
  sim: simOptions = {},
  ...options
}: Partial<ForemanOptions> & { sim?: SimOptions } = {}): Promise<Started> => {
  const sim = await startSim(simOptions)
  onTestFinished(() => sim.close())
  const foreman = await startForeman({ target: sim.url, ...options })
  return { foreman, sim, ...(await contractOf(foreman.url, seen)) }
}

const hello = { request: { model: 'plain', prompt: 'Hello!' } }

const FORM = { 'content-type': 'multipart/form-data; boundary=XXXX' }
const transcription = (model: string) =>
  [
    `--XXXX\r\nContent-Disposition: form-data; name="model"\r\n\r\n${model}\r\n`,
    '--XXXX\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--XXXX--\r\n',
  ].join('')

/** Its answer ends. */
const isFinite = ({ route }: { readonly route: string }): boolean => route !== 'GET /queue/events'

const openAiBatch = { endpoint: '/v1/completions', completion_window: '24h' }

/** A file to upload. */
const fileOf = (text: string) => ({
  headers: FORM,
  body: [
    '--XXXX\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n',
    `--XXXX\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n${text}\r\n--XXXX--\r\n`,
  ].join(''),
})

/** Makes a batch of a file. */
const ofOpenAi = async ({ call }: Contract, headers: Record<string, string> = {}) => {
  const request = { method: 'POST', url: '/v1/completions', body: hello.request }
  const upload = fileOf(JSON.stringify({ custom_id: 'a', ...request }))
  const { json } = await call('POST /v1/files', { ...upload, headers: { ...upload.headers, ...headers } })
  const body = { ...openAiBatch, input_file_id: json['id'], metadata: { a: 'b' } }
  const made = await call('POST /v1/batches', { headers, body })
  return { file: json['id'] as string, batch: made.json['id'] as string }
}

const submit = async ({ call }: Contract, body: object = hello): Promise<string> =>
  (await call('POST /jobs', { body })).json['id'] as string

/** Submits a job and waits for its end. */
const ended = async (started: Contract, body: object = hello): Promise<string> => {
  const id = await submit(started, body)
  await started.call('GET /jobs/{id}', { id, headers: { prefer: 'wait=30' } })
  return id
}

test('the document is there for everybody, and has the version of the gateway', async () => {
  const { foreman, document } = await start({ variables: { FOREMAN_TOKEN: 'secret' }, worker: false })
  expect(document.openapi).toMatch(/^3\.1\./)
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string
  }
  expect(document.info.version).toBe(version)
  const { status, headers } = await send(foreman.url, { path: '/openapi.json', body: '{}' })
  expect([status, headers.allow]).toEqual([405, 'GET'])
})

test('redocly finds nothing wrong with the document, nor anything to warn of', async () => {
  const { foreman } = await start({ worker: false })
  const { body } = await send(foreman.url, { method: 'GET', path: '/openapi.json' })
  const file = path.join(temporaryDirectory(), 'openapi.json')
  fs.writeFileSync(file, body)
  const cli = fileURLToPath(import.meta.resolve('@redocly/cli/bin/cli.js'))
  const lint = run(process.execPath, [cli, 'lint', '--extends', 'recommended-strict', file], {
    cwd: path.dirname(file),
    env: { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  })
  await expect(lint).resolves.toMatchObject({ stderr: expect.stringContaining('is valid') as string })
})

describe('answers are as the document says', () => {
  test('when work is handed over', async () => {
    const started = await start()
    const { call } = started
    const route = 'POST /jobs'
    const status = async (body: unknown, headers: Record<string, string> = {}) =>
      (await call(route, { body, headers })).status
    const key = { 'idempotency-key': '"a key"' }
    expect(await status(hello)).toBe(202)
    expect(await status(hello, key)).toBe(202)
    expect(await status(hello, key)).toBe(200)
    expect(await status({ ...hello, priority: 'low' }, key)).toBe(422)
    expect(await status(hello, { 'idempotency-key': '' })).toBe(400)
    expect(await status('{')).toBe(400)
    expect(await status({ request: { model: 'nobody', prompt: '' } })).toBe(404)
    expect(await status({ ...hello, webhook: { url: 'http://10.0.0.1/' } })).toBe(422)
    expect(await status(hello, { 'content-encoding': 'gzip' })).toBe(415)
    const form = { request: { model: 'plain' }, endpoint: '/v1/audio/transcriptions' }
    expect((await call(route, { body: form })).json).toMatchObject({
      status: 422,
      errors: [{ pointer: '/endpoint', message: expect.stringContaining('Prefer: respond-async') as string }],
    })
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    const withMetadata = (json: string) => `${JSON.stringify(hello).slice(0, -1)},"metadata":${json}}`
    expect(await status(withMetadata(nested(100)))).toBe(202)
    expect(await status(withMetadata(nested(101)))).toBe(422)
    expect(await status(withMetadata(nested(100_000)))).toBe(422)
    const { json } = await call(route, { body: { request: {}, priority: 1, more: true } })
    expect(json).toMatchObject({ status: 422, errors: [{ pointer: '/priority' }, { pointer: '' }] })
  })

  test('when work is handed over in batches', async () => {
    const { call } = await start()
    const line = JSON.stringify(hello)
    const status = async (body: unknown, type = 'application/jsonl', more: Record<string, string> = {}) =>
      (await call('POST /jobs/batch', { body, headers: { 'content-type': type, ...more } })).status
    const key = { 'idempotency-key': 'a' }
    expect(await status(`${line}\n${line}\n`)).toBe(202)
    expect(await status(line, 'application/x-ndjson', key)).toBe(202)
    expect(await status(line, 'application/x-ndjson', key)).toBe(200)
    expect(await status(`${line} `, 'application/x-ndjson', key)).toBe(422)
    expect(await status([hello], 'application/json')).toBe(202)
    expect(await status('')).toBe(422)
    expect(await status('{')).toBe(400)
    expect(await status(line, 'text/plain')).toBe(415)
    expect(await status(`${line}\n`.repeat(10_001))).toBe(413)
    const { json } = await call('POST /jobs/batch', {
      body: `${line}\n\n{"request":{"model":"nobody","prompt":""}}\n`,
      headers: { 'content-type': 'application/jsonl' },
    })
    expect(json).toMatchObject({ status: 404, index: 1, line: 3 })
  })

  test.each([
    ['POST /jobs', 'one a', 'application/json'],
    ['POST /jobs/batch', '0 of one a', 'application/jsonl'],
  ] as const)(
    'when the first request with the same key is still being written: %s',
    async (route, key, type) => {
      const { call, foreman } = await start({ worker: false })
      const { arrivals } = foreman.store.submissions
      const first = newJob({ idempotency: { key, hash: Buffer.alloc(32) } })
      const now = Date.now()
      await arrivals.add({ arrival: await arrivals.begin(now), jobs: [first], groupKeyOf: () => 'm', now })
      const headers = { 'idempotency-key': 'a', 'content-type': type }
      const { status, json } = await call(route, { body: hello, headers })
      expect([status, json['code']]).toEqual([409, 'idempotency_key_in_use'])
    },
  )

  test('when a body is larger than it may be', async () => {
    const { call } = await start({ variables: { FOREMAN_MAX_BODY: '1KB', FOREMAN_MAX_BATCH: '1KB' } })
    const body = ' '.repeat(1_001)
    for (const route of ['POST /jobs', 'POST /jobs/batch', 'POST /api/chat'])
      expect([route, (await call(route, { body })).status]).toEqual([route, 413])
  })

  test('about jobs in every state', async () => {
    const started = await start({ sim: { tokensPerSecond: 20 }, worker: false })
    const { call, foreman } = started
    const stateOf = async (id: string) => (await call('GET /jobs/{id}', { id })).json['state']
    const everything = {
      ...hello,
      priority: 'high',
      metadata: { a: [null, { b: 'c' }] },
      max_attempts: 1,
      deadline: '2999-01-31T12:00:00+02:00',
    }
    const succeeding = await submit(started, everything)
    const failing = await submit(started, {
      endpoint: '/v1/messages',
      request: { model: 'plain', messages: [] },
    })
    const queued = await submit(started)
    expect((await call('GET /jobs/{id}', { id: queued })).json).toMatchObject({
      state: 'queued',
      position: 2,
    })
    const change = async (body: unknown, headers = {}, id = queued) =>
      (await call('PATCH /jobs/{id}', { id, body, headers })).status
    expect(await change({ priority: 'low', deadline: '2999-01-31T12:00:00Z' })).toBe(200)
    expect(await change('{')).toBe(400)
    expect(await change({})).toBe(422)
    expect(await change({ priority: 'low' }, { 'content-encoding': 'gzip' })).toBe(415)
    expect(await change(' '.repeat(20_000))).toBe(413)
    const retry = 'POST /jobs/{id}/retry'
    expect((await call(retry, { id: queued })).status).toBe(409)
    expect((await call('POST /jobs/{id}/cancel', { id: queued })).json).toMatchObject({
      state: 'cancelled',
      error: { code: 'cancelled' },
    })
    expect((await call('GET /jobs/{id}/stream', { id: queued })).status).toBe(409)
    expect(await change({ priority: 'low' })).toBe(409)
    foreman.startWorker()
    const wait = { prefer: 'wait=30' }
    expect((await call('GET /jobs/{id}', { id: failing, headers: wait })).json).toMatchObject({
      state: 'failed',
      error: { status: 400 },
    })
    expect((await call('GET /jobs/{id}/stream', { id: failing })).status).toBe(400)
    for (const route of ['GET /jobs/{id}/stream', 'GET /jobs/{id}/request'])
      expect([route, (await call(route, { id: succeeding })).status]).toEqual([route, 200])
    const succeeded = await call('GET /jobs/{id}', { id: succeeding, headers: wait })
    expect(succeeded.headers['preference-applied']).toBe('wait=30')
    expect(succeeded.json).toMatchObject({ state: 'succeeded', result: { done: true }, usage: {} })
    for (const field of ['first_byte_at', 'load_ms', 'prompt_ms', 'generate_ms'])
      expect(succeeded.json).toHaveProperty(field)
    const endless = await submit(started, {
      request: { model: 'alpha', prompt: 'Go on.', options: { num_predict: -1 } },
    })
    await until(async () => {
      const { json } = await call('GET /jobs/{id}', { id: endless })
      return (json['progress'] as { tokens: number } | undefined)?.tokens
    })
    await call('DELETE /jobs/{id}', { id: endless })
    await until(async () => (await stateOf(endless)) === 'cancelled')
    const repeated = await call(retry, { id: succeeding })
    expect([repeated.status, repeated.json['retry_of']]).toEqual([202, succeeding])
    const pages = await call('GET /jobs', { query: '?limit=2' })
    const next = pages.json['next_cursor'] as string
    expect((await call('GET /jobs', { query: `?limit=500&cursor=${next}` })).json['next_cursor']).toBeNull()
    expect((await call('GET /jobs', { query: '?limit=0&nothing=1' })).status).toBe(422)
  })

  test('about operations on many jobs', async () => {
    const started = await start({ worker: false })
    const { call } = started
    await submit(started)
    const route = 'POST /jobs/actions'
    const order = { action: 'cancel', filter: { state: 'queued' }, reason: 'a mistake' }
    const status = async (body: unknown, headers = {}) => (await call(route, { body, headers })).status
    expect(await status({ ...order, dry_run: true })).toBe(200)
    expect(await status({ ...order, expect: 2 })).toBe(409)
    expect(await status('{')).toBe(400)
    expect(await status({ ...order, priority: 'low' })).toBe(422)
    expect(await status(order, { 'content-encoding': 'gzip' })).toBe(415)
    expect(await status(' '.repeat(20_000))).toBe(413)
    const begun = await call(route, { body: { ...order, expect: 1 } })
    expect(begun.status).toBe(202)
    const operation = String(begun.json['id'])
    for (const each of ['GET', 'DELETE'] as const) {
      const ofOperation = `${each} /queue/operations/{operation}`
      expect((await call(ofOperation, { operation })).status).toBe(200)
      expect((await call(ofOperation, { operation: '999' })).status).toBe(404)
    }
  })

  test('about events', async () => {
    const started = await start()
    const { call, demandComponent } = started
    const id = await ended(started)
    const route = 'GET /jobs/{id}/events'
    const { body } = await call(route, { id })
    const events = body
      .toString()
      .split('\n\n')
      .slice(0, -1)
      .map(text => Object.fromEntries(text.split('\n').map(line => line.split(/: (.*)/, 2))))
    for (const event of events as { event: string; data: string }[]) {
      demandComponent('JobEvent', event)
      demandComponent(`JobEvent.${event.event}`, JSON.parse(event.data))
    }
    expect(events.map(({ event }) => event as string)).toEqual(
      expect.arrayContaining(['queued', 'started', 'head', 'output', 'succeeded']),
    )
    const last = events.at(-1)!['id'] as string
    expect((await call(route, { id, headers: { 'last-event-id': last } })).status).toBe(204)
    expect((await call(route, { id, query: '?last_event_id=x' })).status).toBe(400)
  })

  test('about batches', async () => {
    const started = await start({ worker: false })
    const { call, demandComponent, foreman } = started
    const headers = { 'content-type': 'application/json' }
    const submission = await call('POST /jobs/batch', { body: [hello, hello], headers })
    const batch = submission.json['batch'] as string
    expect((await call('GET /batches/{batch}', { batch })).json).toMatchObject({
      last_queued: { position: 1 },
    })
    foreman.startWorker()
    const results = await call('GET /batches/{batch}/results', { batch })
    const lines = results.body
      .toString()
      .split('\n')
      .filter(line => line !== '')
    for (const line of lines) {
      demandComponent('BatchResult', JSON.parse(line))
      expect(JSON.parse(line)).toMatchObject({ batch })
    }
    expect(lines).toHaveLength(2)
    expect((await call('DELETE /batches/{batch}', { batch })).json).toMatchObject({ ended: true })
    const list = await call('GET /batches')
    expect(list.json['batches']).toMatchObject([{ id: batch, counts: { succeeded: 2 } }])
    for (const [query, status] of [
      [`?before=${batch}&limit=1`, 200],
      ['?before=batch_0', 404],
      ['?limit=0', 422],
    ] as const)
      expect((await call('GET /batches', { query })).status).toBe(status)
    const wrong = await call('GET /batches/{batch}/results', { batch, query: '?after=x' })
    expect(wrong.status).toBe(422)
    for (const route of ['GET /batches/{batch}', 'DELETE /batches/{batch}', 'GET /batches/{batch}/results']) {
      expect((await call(route, { batch: 'batch_0' })).json['code']).toBe('batch_not_found')
      expect((await call(route, { batch: String.raw`a\b` })).status).toBe(400)
    }
  })

  test('about the batches of OpenAI', async () => {
    const started = await start()
    const { call } = started
    const { file, batch } = await ofOpenAi(started)
    const { id: bad } = (await call('POST /v1/files', fileOf('x'))).json
    const made = await call('POST /v1/batches', { body: { ...openAiBatch, input_file_id: bad } })
    expect(made.json).toMatchObject({ status: 'failed' })
    const statusNow = async () => (await call('GET /v1/batches/{batch}', { batch })).json['status']
    await until(async () => (await statusNow()) === 'completed')
    for (const route of ['GET /v1/files', 'GET /v1/batches', 'POST /v1/batches/{batch}/cancel'])
      expect([route, (await call(route, { batch })).status]).toEqual([route, 200])
    const output = (await call('GET /v1/batches/{batch}', { batch })).json['output_file_id'] as string
    for (const each of [file, output])
      for (const route of ['GET /v1/files/{file}', 'GET /v1/files/{file}/content'])
        expect([route, (await call(route, { file: each })).status]).toEqual([route, 200])
    for (const status of [200, 404])
      expect((await call('DELETE /v1/files/{file}', { file })).status).toBe(status)
  })

  test('about webhooks', async () => {
    const started = await start({
      variables: {
        FOREMAN_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
        FOREMAN_WEBHOOK_ALLOW: '127.0.0.1',
      },
      worker: false,
    })
    const { call, foreman } = started
    const id = await submit(started, {
      ...hello,
      webhook: { url: 'http://127.0.0.1:9/hook', events: ['job.queued', 'job.cancelled'] },
    })
    await call('POST /jobs/{id}/cancel', { id })
    const { json } = await call('GET /jobs/{id}/deliveries', { id })
    const [first, second] = json['deliveries'] as { id: string }[]
    const delivery = first!.id
    const { deliveries } = foreman.store
    const record = async (of: string, made: DeliveryAttempt, result: DeliveryResult) =>
      deliveries.record({ delivery: (await deliveries.byId(of))!, attempt: made, result, now: Date.now() })
    const attempt = { at: Date.now(), durationMs: 12, status: null, error: 'timed out', response: null }
    await record(delivery, attempt, { kind: 'dead' })
    const answered = { ...attempt, status: 204, error: null, response: 'thanks' }
    await record(second!.id, answered, { kind: 'delivered' })
    const { json: list } = await call('GET /jobs/{id}/deliveries', { id })
    expect(list['deliveries']).toMatchObject([{ state: 'dead' }, { state: 'delivered' }])
    expect((await call('GET /jobs/{id}/deliveries/{delivery}', { id, delivery })).status).toBe(200)
    const { json: all } = await call('GET /deliveries', { query: '?limit=1' })
    expect(all['deliveries']).toMatchObject([{ id: second!.id, job: id, caller: 'default' }])
    expect((await call('GET /deliveries/receivers')).json).toMatchObject({
      receivers: [{ host: '127.0.0.1:9', dead: 1 }],
    })
    const query = `?before=${String(all['next_before'])}&state=dead&host=127.0.0.1:9`
    const { json: next } = await call('GET /deliveries', { query })
    expect(next).toMatchObject({ deliveries: [{ id: delivery }], next_before: null })
    expect((await call('GET /deliveries', { query: '?state=lost' })).status).toBe(422)
    const again = 'POST /jobs/{id}/deliveries/{delivery}/redeliver'
    const many = 'POST /deliveries/redeliver'
    const status = async (sent: unknown, headers = {}) => (await call(many, { body: sent, headers })).status
    const order = { filter: { state: 'dead', until: '2999-01-31T12:00:00Z' } }
    expect(await status({ ...order, dry_run: true })).toBe(200)
    expect(await status({ ...order, expect: 2 })).toBe(409)
    expect(await status('{')).toBe(400)
    expect(await status({ filter: { state: 'pending' } })).toBe(422)
    expect(await status(order, { 'content-encoding': 'gzip' })).toBe(415)
    expect(await status(' '.repeat(20_000))).toBe(413)
    expect(await status({ ...order, expect: 1 })).toBe(202)
    expect((await call(again, { id, delivery })).json['state']).toBe('pending')
  })

  test('about jobs and deliveries that are not there', async () => {
    const started = await start()
    const { call, document } = started
    for (const [id, status] of [
      [UNKNOWN, 404],
      [EXPIRED, 410],
      [String.raw`a\b`, 400],
    ] as const) {
      for (const { route } of routesOf(document).filter(each => each.route.includes('/jobs/{id}')))
        expect([route, (await call(route, { id, delivery: 'msg_1' })).status]).toEqual([route, status])
    }
    const id = await submit(started)
    for (const route of [
      'GET /jobs/{id}/deliveries/{delivery}',
      'POST /jobs/{id}/deliveries/{delivery}/redeliver',
    ])
      expect((await call(route, { id, delivery: 'msg_1' })).json['code']).toBe('delivery_not_found')
  })

  /** The statuses of all that submits a job, when this job has ended. */
  const submissionsBeside = async ({ call }: Contract, id: string) => {
    const batch = { body: [hello], headers: { 'content-type': 'application/json' } }
    return [
      (await call('POST /jobs', { body: hello })).status,
      (await call('POST /jobs/batch', batch)).status,
      (await call('POST /jobs/{id}/retry', { id })).status,
    ]
  }

  test('when too many jobs wait', async () => {
    // The queue is counted once a second. On this clock, it is never counted again.
    const time = Date.now()
    const variables = { FOREMAN_MAX_QUEUED_JOBS: '1' }
    const started = await start({ variables, worker: false, now: () => time })
    const id = await submit(started)
    await started.call('DELETE /jobs/{id}', { id })
    expect(await submissionsBeside(started, id)).toEqual([503, 503, 503])
  })

  test('when there is no room for more', async () => {
    const started = await start({ variables: { FOREMAN_MAX_DB_SIZE: '1MB' }, worker: false })
    const { call } = started
    const id = await submit(started, { request: { model: 'plain', prompt: 'x'.repeat(2_000_000) } })
    await call('DELETE /jobs/{id}', { id })
    // What is known of the room is a second old at the most.
    await until(async () => (await call('GET /readyz')).status === 503)
    expect(await submissionsBeside(started, id)).toEqual([507, 507, 507])
  })

  test('on the routes that generate, and on those about the server', async () => {
    const { call, document, sim } = await start()
    const generating = routesOf(document).filter(({ operation }) => operation.tags.includes('generating'))
    expect(generating.map(({ route }) => route)).toEqual(
      generatingEndpoints.map(endpoint => `POST ${endpoint.path}`),
    )
    for (const endpoint of generatingEndpoints.filter(({ request }) => request === 'json')) {
      const route = `POST ${endpoint.path}`
      const body = {
        model: 'plain',
        messages: [{ role: 'user', content: 'Hello!' }],
        prompt: 'Hello!',
        input: 'Hello!',
        max_tokens: 10,
      }
      const types = await Promise.all(
        [true, false].map(
          async stream => (await call(route, { body: { ...body, stream } })).headers['content-type'],
        ),
      )
      expect(new Set(types).size).toBe(endpoint.streams === 'never' ? 1 : 2)
      const headers = { prefer: 'respond-async' }
      const { status, json } = await call(route, { body, headers })
      expect([route, status]).toEqual([route, 202])
      expect((await call('GET /jobs/{id}', { id: json['id'] as string })).status).toBe(200)
      expect((await call(route, { body: { ...body, model: 'nobody' } })).status).toBe(404)
    }
    for (const prefer of ['respond-async', 'wait']) {
      const form = { body: transcription('plain'), headers: { ...FORM, prefer } }
      const { status } = await call('POST /v1/audio/transcriptions', form)
      expect(status).toBe(prefer === 'wait' ? 200 : 202)
    }
    const nobody = await call('POST /v1/audio/transcriptions', {
      body: transcription('nobody'),
      headers: FORM,
    })
    expect(nobody.status).toBe(404)
    sim.fault({ kind: 'status', status: 500, error: 'broken', path: '/api/chat', count: 1 })
    const { status, json } = await call('POST /api/chat', { body: hello.request })
    expect([status, json]).toEqual([500, { error: 'broken' }])
    for (const route of ['GET /healthz', 'GET /readyz', 'GET /openapi.json'])
      expect([route, (await call(route)).status]).toEqual([route, 200])
  })

  test('about the queue', async () => {
    const { call, foreman } = await start()
    await call('POST /jobs', { body: hello, headers: { prefer: 'wait=30' } })
    const { headers } = await call('GET /queue')
    await call('GET /queue', { headers: { 'if-none-match': String(headers['etag']) } })
    await call('GET /queue', { query: '?fields=state,groups' })
    for (const route of ['you', 'system', 'timeline', 'arrival-order', 'history', 'models'])
      await call(`GET /queue/${route}`)
    await call('GET /queue', { query: '?fields=prompts' })
    for (const route of ['timeline', 'arrival-order'])
      await call(`GET /queue/${route}`, { query: '?from=yesterday' })
    await call('GET /queue/history', { query: '?step=soon' })
    const cut = new AbortController()
    const events = await fetch(`${foreman.url}/queue/events`, { signal: cut.signal })
    seen.add(`GET /queue/events ${events.status}`)
    expect(events.headers.get('content-type')).toBe('text/event-stream')
    cut.abort()
  })

  test('to viewers, who see no content', async () => {
    const variables = { ...webhookVariables, FOREMAN_TOKEN: 'secret', FOREMAN_VIEWER_TOKEN: 'viewer' }
    const started = await start({ variables })
    const { call, document } = started
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
    const headers = { ...bearer('secret'), prefer: 'wait=30' }
    const body = { ...hello, metadata: { a: 1 }, webhook: { url: 'http://127.0.0.1:9/' } }
    const id = (await call('POST /jobs', { body, headers })).json['id'] as string
    await call('GET /jobs/{id}', { id, headers })
    const { json } = await call('GET /jobs/{id}/deliveries', { id, headers })
    const delivery = (json['deliveries'] as { id: string }[])[0]!.id
    const order = { action: 'cancel', filter: {} }
    const begun = await call('POST /jobs/actions', { body: order, headers: bearer('secret') })
    const operation = String(begun.json['id'])
    const { file, batch } = await ofOpenAi(started, bearer('secret'))
    for (const { route } of routesOf(document).filter(isFinite)) {
      const asked = { id, delivery, operation, batch, file, headers: bearer('viewer'), body: hello }
      const { status } = await call(route, asked)
      const isRead = route.startsWith('GET ') && !/\/(stream|request|content)$/.test(route)
      expect([route, status]).toEqual([route, isRead ? 200 : 403])
    }
  })

  test('to callers who may not call', async () => {
    const { call, document } = await start({ variables: { FOREMAN_TOKEN: 'secret' }, worker: false })
    for (const { route, operation } of routesOf(document)) {
      if (operation.security) continue
      const ids = { id: UNKNOWN, delivery: 'msg_1', batch: 'batch_1', file: 'file-1' }
      expect([route, (await call(route, ids)).status]).toEqual([route, 401])
      const forbidden = await call(route, { ...ids, headers: { host: 'example.org' } })
      expect([route, forbidden.status]).toEqual([route, 403])
    }
  })
})

test('a method that a path does not have is a problem that says which it has', async () => {
  const { foreman, document, demandComponent } = await start({ worker: false })
  const own = Object.keys(document.paths).filter(each => /^\/(jobs|batches|queue)/.test(each))
  for (const each of own) {
    const { status, headers, body } = await send(foreman.url, { method: 'PUT', path: each })
    const methods = routesOf(document).map(({ route }) => route.split(' '))
    const allowed = methods.filter(([, to]) => to === each).map(([method]) => method)
    expect([each, status, headers.allow]).toEqual([each, 405, allowed.join(', ')])
    demandComponent('Problem', JSON.parse(body.toString()))
  }
})

test.each(['/jobs/%ff', '/jobs/%ff/events', '/jobs/a/deliveries/%e0%a4%a', '/jobs/', '/jobs/a/b'])(
  'a path that is none, such as %s, is not found',
  async none => {
    const { foreman, demandComponent } = await start({ worker: false })
    const { status, body } = await send(foreman.url, { method: 'GET', path: none })
    const problem = JSON.parse(body.toString()) as object
    expect([status, problem]).toEqual([404, expect.objectContaining({ code: 'not_found' })])
    demandComponent('Problem', problem)
  },
)

describe('answers are as the document says when an operator', () => {
  const STEPS = ['pause', 'resume', 'close', 'open', 'turn/end', 'holds'].map(step => `POST /queue/${step}`)
  const low = { kind: 'priority', subject: 'low' }

  test('steps in', async () => {
    const { call } = await start()
    for (const route of STEPS) {
      const body = route.endsWith('holds') ? { ...low, until: '2h', reason: 'a flood' } : {}
      expect([route, (await call(route, { body })).status]).toEqual([route, 200])
    }
    const pause = { until: '2h', release: true, unload: true, reason: 'a game' }
    expect((await call('POST /queue/pause', { body: pause })).json).toMatchObject({ deadlines_passing: 0 })
    const { holds } = (await call('GET /queue/holds')).json as { holds: { id: string }[] }
    expect(holds).toHaveLength(2)
    for (const { id } of holds) expect((await call('DELETE /queue/holds/{id}', { id })).status).toBe(200)
    const page = await call('GET /queue/operations', { query: '?limit=2' })
    expect(page.json['operations']).toHaveLength(2)
    expect(page.json['next_before']).toEqual(expect.any(Number))
  })

  test('says something that is wrong', async () => {
    const { call } = await start({ worker: false })
    for (const route of STEPS) {
      const bodies = ['{', { until: 5 }, 'x'.repeat(20_000)]
      const statuses = []
      for (const body of bodies) statuses.push((await call(route, { body })).status)
      expect([route, ...statuses]).toEqual([route, 400, 422, 413])
    }
    const wrong = async (body: object) => (await call('POST /queue/holds', { body })).json['code']
    expect(await wrong({ kind: 'model', subject: 'no name' })).toBe('model_not_found')
    expect(await wrong({ kind: 'priority', subject: 'urgent' })).toBe('invalid_request')
    expect(await wrong({ kind: 'caller', subject: 'ann' })).toBe('invalid_request')
    expect(await wrong({ ...low, until: '2000-01-01T00:00:00Z' })).toBe('invalid_request')
    expect(await wrong({ ...low, until: 'tomorrow' })).toBe('invalid_request')
    expect((await call('DELETE /queue/holds/{id}', { id: 'hold_1' })).status).toBe(404)
    expect((await call('DELETE /queue/holds/{id}', { id: String.raw`a\b` })).status).toBe(400)
    expect((await call('GET /queue/operations', { query: '?limit=0' })).status).toBe(422)
  })
})

test('every answer that the document has was seen here, but for those that take a broken machine', async () => {
  const { document } = await start({ worker: false })
  const rare = new Set(['408', '503', '507', '4XX', '5XX'])
  const documented = routesOf(document).flatMap(({ route, operation }) =>
    Object.keys(operation.responses).map(status => `${route} ${status}`),
  )
  const missing = documented.filter(each => !seen.has(each))
  expect(missing.filter(each => !rare.has(each.split(' ').at(-1)!))).toEqual([])
})
