import { ConnectionError } from '@foreman/ollama-client'
import { serve, serveRaw } from '@foreman/ollama-client/testing'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { ForemanClient, type ForemanClientOptions } from './client.ts'
import { ForemanError } from './errors.ts'
import type { Job, JobState, Submission } from './types.ts'

const job = (state: JobState, id = 'job_1') => ({ id, state }) as Job

const answer = (response: ServerResponse, status: number, body: unknown, headers: object = {}): void => {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'Content-Type': type, ...headers }).end(JSON.stringify(body))
}

const clientOf = async (listener: RequestListener, options: Partial<ForemanClientOptions> = {}) =>
  new ForemanClient({ url: await serve(listener), pauseMs: 1, ...options })

/** The first request goes to the first of these listeners, and so on. The last one gets all further requests. */
const inTurn = (...listeners: RequestListener[]): RequestListener => {
  let requests = 0
  return (request, response) => listeners[Math.min(requests++, listeners.length - 1)]!(request, response)
}

const drop: RequestListener = request => void request.socket.destroy()

/** A client whose server sends the same answer to every request, and the requests that it got. */
const recorder = async (reply: unknown, options: Partial<ForemanClientOptions> = {}) => {
  const sent: { line: string; headers: IncomingMessage['headers']; body: string }[] = []
  const client = await clientOf((request, response) => {
    void text(request).then(body => {
      sent.push({ line: `${request.method} ${request.url}`, headers: request.headers, body })
      answer(response, 200, reply)
    })
  }, options)
  return { client, sent }
}

describe('the requests that a client sends', () => {
  test('chats and submissions of one client have the same token and headers', async () => {
    const { client, sent } = await recorder({}, { token: 't', headers: { 'X-Team': 'search' } })
    await client.chat({ model: 'm' })
    await client.submit({ model: 'm', prompt: 'p' })
    expect(sent.map(({ line }) => line)).toEqual(['POST /api/chat', 'POST /jobs'])
    for (const { headers } of sent)
      expect(headers).toMatchObject({ authorization: 'Bearer t', 'x-team': 'search' })
  })

  test('a submission has every option under its name in the API', async () => {
    const { client, sent } = await recorder(job('queued'))
    const given = { model: 'm', input: 'Hello!' }
    const submitted = await client.submit(given, {
      endpoint: '/v1/responses',
      priority: 'low',
      metadata: { document: 4711 },
      webhook: { url: 'https://receiver.example/hook', events: ['job.failed'] },
      maxAttempts: 5,
      deadline: new Date('2030-01-31T12:00:00Z'),
      idempotencyKey: 'a key',
    })
    expect(submitted).toEqual(job('queued'))
    expect(sent[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': 'a key',
    })
    expect(JSON.parse(sent[0]!.body)).toEqual({
      request: given,
      endpoint: '/v1/responses',
      priority: 'low',
      metadata: { document: 4711 },
      webhook: { url: 'https://receiver.example/hook', events: ['job.failed'] },
      max_attempts: 5,
      deadline: '2030-01-31T12:00:00.000Z',
    })
  })

  test('a submission has no field for an option that was not given', async () => {
    const { client, sent } = await recorder(job('queued'))
    await client.submit({ model: 'm', prompt: 'two\nlines' })
    expect(sent[0]!.body).toBe('{"request":{"model":"m","prompt":"two\\nlines"}}')
    expect(sent[0]!.headers).not.toHaveProperty('idempotency-key')
  })

  const submissions = ['one', 'two\nlines'].map(prompt => ({
    request: { model: 'm', prompt },
    maxAttempts: 1,
  }))

  test.each([
    ['a list', () => submissions],
    ['a stream', () => Readable.from(submissions) as AsyncIterable<Submission>],
  ])('a batch from %s is one request with one job on each line', async (_what, source) => {
    const { client, sent } = await recorder({ count: 2, jobs: [] })
    expect(await client.submitBatch(source(), { idempotencyKey: 'k' })).toEqual({ count: 2, jobs: [] })
    expect(sent.map(({ line }) => line)).toEqual(['POST /jobs/batch'])
    expect(sent[0]!.headers).toMatchObject({ 'content-type': 'application/jsonl', 'idempotency-key': 'k' })
    expect(sent[0]!.body.split('\n').map(line => JSON.parse(line) as unknown)).toEqual([
      { request: { model: 'm', prompt: 'one' }, max_attempts: 1 },
      { request: { model: 'm', prompt: 'two\nlines' }, max_attempts: 1 },
    ])
  })

  test('a batch whose source fails is not sent, and fails with the error of the source', async () => {
    const { client, sent } = await recorder({})
    const error = new Error('the file is gone')
    const broken = function* () {
      yield* submissions
      throw error
    }
    await expect(client.submitBatch(broken())).rejects.toBe(error)
    expect(sent).toEqual([])
  })

  test('every other method uses its own route, and an id cannot change the route', async () => {
    const { client, sent } = await recorder({ deliveries: ['d'] })
    await client.job('job_1')
    await client.cancel('job_1')
    await client.retry('job_1')
    await client.change('job_1', { priority: 'low', deadline: null })
    expect(await client.deliveries('job_1')).toEqual(['d'])
    await client.redeliver('job_1', 'msg_1')
    await client.job('../api/tags?')
    expect(sent.map(({ line }) => line)).toEqual([
      'GET /jobs/job_1',
      'POST /jobs/job_1/cancel',
      'POST /jobs/job_1/retry',
      'PATCH /jobs/job_1',
      'GET /jobs/job_1/deliveries',
      'POST /jobs/job_1/deliveries/msg_1/redeliver',
      'GET /jobs/..%2Fapi%2Ftags%3F',
    ])
    const { body } = sent.find(({ line }) => line.startsWith('PATCH'))!
    expect(JSON.parse(body)).toEqual({ priority: 'low', deadline: null })
  })
})

test('what is done to many jobs is one request with the filter', async () => {
  const { client, sent } = await recorder({ id: 7, matched: 2 })
  const since = new Date('2030-01-31T12:00:00Z')
  const order = { action: 'priority', priority: 'low', filter: { model: 'm', since } } as const
  expect(await client.count(order)).toBe(2)
  await client.actOnJobs(order, { expect: 2, reason: 'later' })
  await client.operation(7)
  await client.stopOperation(7)
  expect(sent.map(({ line }) => line)).toEqual([
    'POST /jobs/actions',
    'POST /jobs/actions',
    'GET /queue/operations/7',
    'DELETE /queue/operations/7',
  ])
  const filter = { model: 'm', since: '2030-01-31T12:00:00.000Z' }
  const told = { action: 'priority', priority: 'low', filter }
  expect(JSON.parse(sent[0]!.body)).toEqual({ ...told, dry_run: true })
  expect(JSON.parse(sent[1]!.body)).toEqual({ ...told, expect: 2, reason: 'later' })
})

test('the webhooks of all jobs are read page after page, and sent again by one request', async () => {
  const asked: string[] = []
  const client = await clientOf((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const isLast = request.url!.includes('before=next')
    answer(response, 200, { deliveries: [isLast ? 'b' : 'a'], next_before: isLast ? null : 'next' })
  })
  const since = new Date('2030-01-31T12:00:00Z')
  const query = { state: 'dead', host: 'a.example', since, pageSize: 1 } as const
  expect(await Array.fromAsync(client.allDeliveries(query))).toEqual(['a', 'b'])
  await client.redeliverMany({ host: 'a.example' }, { expect: 2 })
  const first = '/deliveries?state=dead&host=a.example&since=2030-01-31T12%3A00%3A00.000Z&limit=1'
  expect(asked).toEqual([`GET ${first}`, `GET ${first}&before=next`, 'POST /deliveries/redeliver'])
})

describe('a list of jobs', () => {
  test('goes over all pages, and reads each page when the loop reaches it', async () => {
    const asked: string[] = []
    const client = await clientOf((request, response) => {
      asked.push(request.url!)
      const isLast = request.url!.includes('cursor=next')
      const page = isLast
        ? { jobs: [job('failed', 'job_3')], next_cursor: null }
        : { jobs: [job('failed', 'job_1'), job('failed', 'job_2')], next_cursor: 'next' }
      answer(response, 200, page)
    })
    const since = new Date('2030-01-31T12:00:00Z')
    const seen: [id: string, asked: number][] = []
    for await (const { id } of client.jobs({
      state: 'failed',
      model: 'a&b',
      caller: 'c',
      batch: 'batch_1',
      since,
      until: since,
      meta: { page: 7, 'a b': null },
      pageSize: 2,
    }))
      seen.push([id, asked.length])
    expect(seen).toEqual([
      ['job_1', 1],
      ['job_2', 1],
      ['job_3', 2],
    ])
    const searched = {
      state: 'failed',
      model: 'a&b',
      caller: 'c',
      batch: 'batch_1',
      since: '2030-01-31T12:00:00.000Z',
      until: '2030-01-31T12:00:00.000Z',
      'meta.page': '7',
      'meta.a b': 'null',
      limit: '2',
    }
    expect(asked.map(url => Object.fromEntries(new URL(url, 'http://any').searchParams))).toEqual([
      searched,
      { ...searched, cursor: 'next' },
    ])
  })
})

describe('an error of foreman', () => {
  test('has the fields of its problem details', async () => {
    const errors = [{ pointer: '/priority', message: 'must be one of high, normal, low' }]
    const problem = {
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'line 3: /priority is not valid',
      code: 'invalid_request',
      index: 1,
      line: 3,
      errors,
    }
    const client = await clientOf((_, response) => answer(response, 422, problem))
    const error: unknown = await client.submitBatch([]).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ForemanError)
    expect(error).toMatchObject({
      name: 'ForemanError',
      message: 'line 3: /priority is not valid',
      status: 422,
      code: 'invalid_request',
      index: 1,
      line: 3,
      errors,
    })
  })

  test('that a proxy sent instead has a status and no code', async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(502, { 'Content-Type': 'text/html', 'Retry-After': '7' }).end('<html>')
    })
    await expect(client.job('job_1')).rejects.toMatchObject({
      name: 'ForemanError',
      message: 'Bad Gateway',
      status: 502,
      code: undefined,
      retryAfterMs: 7_000,
    })
  })

  test('is thrown at once by a method that sends its request once, whatever Retry-After says', async () => {
    let requests = 0
    const client = await clientOf((_, response) => {
      requests += 1
      answer(response, 503, { code: 'queue_full' }, { 'Retry-After': '0' })
    })
    await expect(client.submit({ model: 'm' })).rejects.toMatchObject({ status: 503, code: 'queue_full' })
    expect(requests).toBe(1)
  })
})

describe('waiting for a job', () => {
  test('goes on until the job has ended', async () => {
    const preferences: unknown[] = []
    const states: JobState[] = ['queued', 'running', 'failed']
    const client = await clientOf(({ headers }, response) => {
      preferences.push(headers['prefer'])
      answer(response, 200, job(states[preferences.length - 1]!))
    })
    expect(await client.wait('job_1')).toEqual(job('failed'))
    expect(preferences).toEqual(['wait=55', 'wait=55', 'wait=55'])
  })

  test.each<[what: string, listener: RequestListener]>([
    ['a connection that is dropped before the answer', drop],
    [
      'an answer that breaks off',
      (request, response) => {
        response.writeHead(200, { 'Content-Length': '100' })
        response.write('{"id":', () => request.socket.destroy())
      },
    ],
    ['a gateway that cannot be reached', (_, response) => void response.writeHead(502).end('<html>')],
    [
      'a gateway that is busy',
      (_, response) => answer(response, 503, { code: 'queue_busy' }, { 'Retry-After': '0' }),
    ],
    ['a proxy whose time is up', (_, response) => void response.writeHead(504).end()],
  ])('goes on after %s', async (_what, listener) => {
    const client = await clientOf(
      inTurn(listener, listener, (_, response) => answer(response, 200, job('succeeded'))),
    )
    expect(await client.wait('job_1')).toEqual(job('succeeded'))
  })

  test.each<[what: string, begin: (response: ServerResponse) => void]>([
    ['stays silent', () => {}],
    [
      'stays silent after the beginning of its answer',
      response => void response.writeHead(200).write('{"id":'),
    ],
  ])('goes on with another connection when one %s', async (_what, begin) => {
    const client = await clientOf(
      inTurn(
        (_, response) => begin(response),
        (_, response) => answer(response, 200, job('succeeded')),
      ),
      { idleTimeoutMs: 50 },
    )
    expect(await client.wait('job_1')).toEqual(job('succeeded'))
  })

  test('pauses between requests when foreman answers each at once', async () => {
    const times: number[] = []
    const client = await clientOf(
      (_, response) => {
        times.push(performance.now())
        answer(response, 200, job(times.length < 3 ? 'running' : 'succeeded'))
      },
      { pauseMs: 30 },
    )
    await client.wait('job_1')
    // Timers may be a millisecond early.
    expect(times[2]! - times[0]!).toBeGreaterThanOrEqual(2 * 29)
  })

  test('fails when foreman has no such job', async () => {
    const client = await clientOf((_, response) => answer(response, 404, { code: 'job_not_found' }))
    await expect(client.wait('job_1')).rejects.toMatchObject({ status: 404, code: 'job_not_found' })
  })

  test('fails with the reason of its signal, and closes its connection', async () => {
    const leaving = new AbortController()
    const reason = new Error('enough')
    const closed = Promise.withResolvers<void>()
    const client = await clientOf((_, response) => {
      response.on('close', closed.resolve)
      leaving.abort(reason)
    })
    await expect(client.wait('job_1', { signal: leaving.signal })).rejects.toBe(reason)
    await closed.promise
  })
})

describe('events', () => {
  const events = [
    { id: '7', event: 'queued', data: { state: 'queued', at: 't' } },
    { id: '9', event: 'output', data: { attempt: 1, text: 'Grüße 🚀\u2028' } },
    { id: '12', event: 'succeeded', data: { state: 'succeeded', attempt: 1, at: 't' } },
  ]
  const after = (id: string | undefined) => events.filter(event => Number(event.id) > Number(id ?? 0))
  const written = (id: string | undefined) =>
    after(id)
      .map(
        event =>
          `: keep-alive\n\nid: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`,
      )
      .join('')
  const lastEventId = ({ headers }: IncomingMessage) => headers['last-event-id'] as string | undefined

  const whole: RequestListener = (request, response) => {
    const rest = written(lastEventId(request))
    if (rest === '') response.writeHead(204).end()
    else response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(rest)
  }

  /** Sends this many bytes of the events that the client has not seen, then ends the answer with `end`. */
  const cutAfter =
    (bytes: number, end: (response: ServerResponse) => void): RequestListener =>
    (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      const piece = Buffer.from(written(lastEventId(request))).subarray(0, bytes)
      response.write(piece, () => end(response))
    }

  test('come with their ids, names and data', async () => {
    expect(await Array.fromAsync((await clientOf(whole)).events('job_1'))).toEqual(events)
  })

  test('come as soon as they happen', async () => {
    const { promise: read, resolve: wasRead } = Promise.withResolvers<void>()
    const client = await clientOf((_, response) => {
      const [first, ...rest] = written('0').split(/(?<=\n\n)(?=: keep)/)
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(first)
      void read.then(() => response.end(rest.join('')))
    })
    const stream = client.events('job_1')
    expect((await stream.next()).value).toEqual(events[0])
    wasRead()
    expect(await Array.fromAsync(stream)).toEqual(events.slice(1))
  })

  test.each<[what: string, end: (response: ServerResponse) => void]>([
    ['is dropped', response => void response.destroy()],
    ['ends as if there were no more events', response => void response.end()],
  ])('go on without a gap and without a repeat, wherever the connection %s', async (_what, end) => {
    const bytes = Buffer.byteLength(written('0'))
    for (let cut = 0; cut < bytes; cut++) {
      const client = await clientOf(inTurn(cutAfter(cut, end), whole))
      expect(await Array.fromAsync(client.events('job_1')), `cut after ${cut} bytes`).toEqual(events)
    }
  })

  test('go on with another connection when one stays silent', async () => {
    const client = await clientOf(
      inTurn(
        cutAfter(100, () => {}),
        whole,
      ),
      { idleTimeoutMs: 50 },
    )
    expect(await Array.fromAsync(client.events('job_1'))).toEqual(events)
  })

  test('go on when the gateway can be reached again', async () => {
    const away: RequestListener = (_, response) => void response.writeHead(503).end()
    const client = await clientOf(
      inTurn(
        cutAfter(100, response => void response.destroy()),
        away,
        drop,
        whole,
      ),
    )
    expect(await Array.fromAsync(client.events('job_1'))).toEqual(events)
  })

  test.each([
    ['7', 2],
    ['9', 1],
    ['12', 0],
  ])('begin after the event %s when `lastEventId` names it', async (last, count) => {
    const client = await clientOf(whole)
    const rest = await Array.fromAsync(client.events('job_1', { lastEventId: last }))
    expect(rest).toEqual(count === 0 ? [] : events.slice(-count))
  })

  test('fail with 410 when the job expires meanwhile', async () => {
    const client = await clientOf(
      inTurn(
        cutAfter(100, response => void response.end()),
        (_, response) => answer(response, 410, { code: 'job_expired' }),
      ),
    )
    await expect(Array.fromAsync(client.events('job_1'))).rejects.toMatchObject({ code: 'job_expired' })
  })

  test.each([
    ['has no id', 'event: queued\ndata: {}\n\n'],
    ['has no name', 'id: 1\ndata: {}\n\n'],
    ['is not JSON', 'id: 1\nevent: queued\ndata: {\n\n'],
  ])('fail when an event %s', async (_what, stream) => {
    const client = await clientOf((_, response) => void response.end(stream))
    await expect(Array.fromAsync(client.events('job_1'))).rejects.toMatchObject({ code: 'ERR_OLLAMA_STREAM' })
  })

  test('close their connection when the loop is left early', async () => {
    const closed = Promise.withResolvers<void>()
    const client = await clientOf((_, response) => {
      response.on('close', closed.resolve)
      response.writeHead(200).write(written('0').slice(0, 100))
    })
    for await (const _ of client.events('job_1')) break
    await closed.promise
  })

  test('fail with the reason of their signal', async () => {
    const leaving = new AbortController()
    const client = await clientOf(
      (_, response) => void response.writeHead(200).write(written('0').slice(0, 100)),
    )
    const stream = client.events('job_1', { signal: leaving.signal })
    await stream.next()
    leaving.abort()
    await expect(stream.next()).rejects.toBe(leaving.signal.reason)
  })
})

describe('the stream of a job', () => {
  test.each([200, 404, 503])('has the status %i and the headers of the target', async status => {
    const client = await clientOf((_, response) => {
      response.writeHead(status, { 'Content-Type': 'application/x-ndjson', 'X-A': 'b' }).end('{}\n')
    })
    const exchange = await client.stream('job_1')
    expect(exchange.status).toBe(status)
    expect(exchange.headers).toContainEqual(['X-A', 'b'])
    expect(await text(exchange.body)).toBe('{}\n')
  })

  test('fails when the job has no answer', async () => {
    const client = await clientOf((_, response) => answer(response, 409, { code: 'no_answer' }))
    await expect(client.stream('job_1')).rejects.toMatchObject({ status: 409, code: 'no_answer' })
  })
})

describe('the request of a job', () => {
  test('comes with its type, byte for byte', async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{ "model": "m" }')
    })
    const { headers, body } = await client.request('job_1')
    expect(headers).toContainEqual(['Content-Type', 'application/json'])
    expect(await text(body)).toBe('{ "model": "m" }')
  })

  test('fails when it is no longer kept', async () => {
    const client = await clientOf((_, response) => answer(response, 410, { code: 'job_expired' }))
    await expect(client.request('job_1')).rejects.toMatchObject({ status: 410, code: 'job_expired' })
  })
})

describe('results', () => {
  const batch = { count: 2, jobs: ['job_1', 'job_2'].map((id, index) => ({ index, id })) }
  const idOf = ({ url }: IncomingMessage) => url!.split('/').at(-1)!

  test.each([
    ['a batch', batch],
    ['a list of ids', ['job_1', 'job_2']],
  ])('of %s come in the order in which the jobs end', async (_what, jobs) => {
    const first = Promise.withResolvers<void>()
    const client = await clientOf((request, response) => {
      const end = () => answer(response, 200, job('succeeded', idOf(request)))
      if (idOf(request) === 'job_2') end()
      else void first.promise.then(end)
    })
    const seen: string[] = []
    for await (const { id } of client.results(jobs)) {
      seen.push(id)
      first.resolve()
    }
    expect(seen).toEqual(['job_2', 'job_1'])
  })

  test('go on when connections are dropped', async () => {
    const dropped = new Set<string>()
    const client = await clientOf((request, response) => {
      if (dropped.has(idOf(request))) return answer(response, 200, job('succeeded', idOf(request)))
      dropped.add(idOf(request))
      drop(request, response)
    })
    const jobs = await Array.fromAsync(client.results(batch))
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(['job_1', 'job_2'])
  })

  test('close the connections of the other jobs when the loop is left early', async () => {
    const closed = Promise.withResolvers<void>()
    const client = await clientOf((request, response) => {
      if (idOf(request) === 'job_1') response.on('close', closed.resolve)
      else answer(response, 200, job('succeeded', 'job_2'))
    })
    for await (const _ of client.results(batch)) break
    await closed.promise
  })

  test('fail with the reason of the signal', async () => {
    const leaving = new AbortController()
    const reason = new Error('enough')
    const client = await clientOf(() => leaving.abort(reason))
    const read = Array.fromAsync(client.results(batch, { signal: leaving.signal }))
    await expect(read).rejects.toBe(reason)
  })
})

test('a server that cannot be reached is reported as a ConnectionError, as by the other methods', async () => {
  const url = await serveRaw(socket => socket.destroy())
  await expect(new ForemanClient({ url }).submit({ model: 'm' })).rejects.toBeInstanceOf(ConnectionError)
})
