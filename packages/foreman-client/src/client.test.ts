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

/** Answers the first request with the first of these and so on, and all further ones with the last. */
const inTurn = (...listeners: RequestListener[]): RequestListener => {
  let requests = 0
  return (request, response) => listeners[Math.min(requests++, listeners.length - 1)]!(request, response)
}

const drop: RequestListener = request => void request.socket.destroy()

/** A client whose server answers the same to everything, and what it was sent. */
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

describe('what is sent', () => {
  test('one client chats and hands over, with the same token and headers', async () => {
    const { client, sent } = await recorder({}, { token: 't', headers: { 'X-Team': 'search' } })
    await client.chat({ model: 'm' })
    await client.submit({ model: 'm', prompt: 'p' })
    expect(sent.map(({ line }) => line)).toEqual(['POST /api/chat', 'POST /jobs'])
    for (const { headers } of sent)
      expect(headers).toMatchObject({ authorization: 'Bearer t', 'x-team': 'search' })
  })

  test('a submission has what was given, by its names on the wire', async () => {
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

  test('a submission has nothing that was not given', async () => {
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
  ])('a batch from %s is one request, a job to a line', async (_what, source) => {
    const { client, sent } = await recorder({ count: 2, jobs: [] })
    expect(await client.submitBatch(source(), { idempotencyKey: 'k' })).toEqual({ count: 2, jobs: [] })
    expect(sent.map(({ line }) => line)).toEqual(['POST /jobs/batch'])
    expect(sent[0]!.headers).toMatchObject({ 'content-type': 'application/jsonl', 'idempotency-key': 'k' })
    expect(sent[0]!.body.split('\n').map(line => JSON.parse(line) as unknown)).toEqual([
      { request: { model: 'm', prompt: 'one' }, max_attempts: 1 },
      { request: { model: 'm', prompt: 'two\nlines' }, max_attempts: 1 },
    ])
  })

  test('a batch whose source fails is not sent', async () => {
    const { client, sent } = await recorder({})
    const error = new Error('the file is gone')
    const broken = function* () {
      yield* submissions
      throw error
    }
    await expect(client.submitBatch(broken())).rejects.toBe(error)
    expect(sent).toEqual([])
  })

  test('every other method has its route, and ids cannot lead out of it', async () => {
    const { client, sent } = await recorder({ deliveries: ['d'] })
    await client.job('job_1')
    await client.cancel('job_1')
    await client.retry('job_1')
    expect(await client.deliveries('job_1')).toEqual(['d'])
    await client.redeliver('job_1', 'msg_1')
    await client.job('../api/tags?')
    expect(sent.map(({ line }) => line)).toEqual([
      'GET /jobs/job_1',
      'POST /jobs/job_1/cancel',
      'POST /jobs/job_1/retry',
      'GET /jobs/job_1/deliveries',
      'POST /jobs/job_1/deliveries/msg_1/redeliver',
      'GET /jobs/..%2Fapi%2Ftags%3F',
    ])
  })
})

describe('jobs', () => {
  test('are listed across pages, a page asked for when it is read', async () => {
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
      since,
      pageSize: 2,
    }))
      seen.push([id, asked.length])
    expect(seen).toEqual([
      ['job_1', 1],
      ['job_2', 1],
      ['job_3', 2],
    ])
    expect(asked.map(url => Object.fromEntries(new URL(url, 'http://any').searchParams))).toEqual([
      { state: 'failed', model: 'a&b', caller: 'c', since: '2030-01-31T12:00:00.000Z', limit: '2' },
      {
        state: 'failed',
        model: 'a&b',
        caller: 'c',
        since: '2030-01-31T12:00:00.000Z',
        limit: '2',
        cursor: 'next',
      },
    ])
  })
})

describe('a refusal', () => {
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

  test("that is not foreman's own has a status and no code", async () => {
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

  test('of what is asked once is not waited out', async () => {
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
  test('goes on until it has ended', async () => {
    const preferences: unknown[] = []
    const states: JobState[] = ['queued', 'running', 'failed']
    const client = await clientOf(({ headers }, response) => {
      preferences.push(headers['prefer'])
      answer(response, 200, job(states[preferences.length - 1]!))
    })
    expect(await client.wait('job_1')).toEqual(job('failed'))
    expect(preferences).toEqual(['wait=60', 'wait=60', 'wait=60'])
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
    ['a gateway that is away', (_, response) => void response.writeHead(502).end('<html>')],
    [
      'a gateway that is busy',
      (_, response) => answer(response, 503, { code: 'queue_busy' }, { 'Retry-After': '0' }),
    ],
    ['a proxy that has waited enough', (_, response) => void response.writeHead(504).end()],
  ])('survives %s', async (_what, listener) => {
    const client = await clientOf(
      inTurn(listener, listener, (_, response) => answer(response, 200, job('succeeded'))),
    )
    expect(await client.wait('job_1')).toEqual(job('succeeded'))
  })

  test.each<[what: string, begin: (response: ServerResponse) => void]>([
    ['says nothing', () => {}],
    ['falls silent in its answer', response => void response.writeHead(200).write('{"id":')],
  ])('gives up a connection that %s', async (_what, begin) => {
    const client = await clientOf(
      inTurn(
        (_, response) => begin(response),
        (_, response) => answer(response, 200, job('succeeded')),
      ),
      { silenceMs: 50 },
    )
    expect(await client.wait('job_1')).toEqual(job('succeeded'))
  })

  test('does not hurry whoever answers at once', async () => {
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

  test('fails for a job that is not there', async () => {
    const client = await clientOf((_, response) => answer(response, 404, { code: 'job_not_found' }))
    await expect(client.wait('job_1')).rejects.toMatchObject({ status: 404, code: 'job_not_found' })
  })

  test('ends with the reason of its signal, and closes its connection', async () => {
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

  /** Sends so many bytes of what is still to be said, and is gone. */
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

  test('come as they happen', async () => {
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
    ['ends as if that were all', response => void response.end()],
  ])('resume without a gap or a repeat, wherever the connection %s', async (_what, end) => {
    const bytes = Buffer.byteLength(written('0'))
    for (let cut = 0; cut < bytes; cut++) {
      const client = await clientOf(inTurn(cutAfter(cut, end), whole))
      expect(await Array.fromAsync(client.events('job_1')), `cut after ${cut} bytes`).toEqual(events)
    }
  })

  test('resume on a connection that has fallen silent', async () => {
    const client = await clientOf(
      inTurn(
        cutAfter(100, () => {}),
        whole,
      ),
      { silenceMs: 50 },
    )
    expect(await Array.fromAsync(client.events('job_1'))).toEqual(events)
  })

  test('survive a gateway that is away for a while', async () => {
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
  ])('go on behind %s when asked to', async (last, count) => {
    const client = await clientOf(whole)
    const rest = await Array.fromAsync(client.events('job_1', { lastEventId: last }))
    expect(rest).toEqual(count === 0 ? [] : events.slice(-count))
  })

  test('of a job that is forgotten meanwhile end with the refusal', async () => {
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
  ])('fail when one %s', async (_what, said) => {
    const client = await clientOf((_, response) => void response.end(said))
    await expect(Array.fromAsync(client.events('job_1'))).rejects.toMatchObject({ code: 'ERR_OLLAMA_STREAM' })
  })

  test('that are left early close their connection', async () => {
    const closed = Promise.withResolvers<void>()
    const client = await clientOf((_, response) => {
      response.on('close', closed.resolve)
      response.writeHead(200).write(written('0').slice(0, 100))
    })
    for await (const _ of client.events('job_1')) break
    await closed.promise
  })

  test('that are aborted end with the reason', async () => {
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

describe('the answer as it was sent', () => {
  test.each([200, 404, 503])('comes with the status %i and the headers of the target', async status => {
    const client = await clientOf((_, response) => {
      response.writeHead(status, { 'Content-Type': 'application/x-ndjson', 'X-A': 'b' }).end('{}\n')
    })
    const exchange = await client.stream('job_1')
    expect(exchange.status).toBe(status)
    expect(exchange.headers).toContainEqual(['X-A', 'b'])
    expect(await text(exchange.body)).toBe('{}\n')
  })

  test('fails when there is none', async () => {
    const client = await clientOf((_, response) => answer(response, 409, { code: 'no_answer' }))
    await expect(client.stream('job_1')).rejects.toMatchObject({ status: 409, code: 'no_answer' })
  })
})

describe('results', () => {
  const batch = { count: 2, jobs: ['job_1', 'job_2'].map((id, index) => ({ index, id })) }
  const idOf = ({ url }: IncomingMessage) => url!.split('/').at(-1)!

  test.each([
    ['a batch', batch],
    ['ids', ['job_1', 'job_2']],
  ])('of %s come as the jobs end', async (_what, jobs) => {
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

  test('survive dropped connections', async () => {
    const dropped = new Set<string>()
    const client = await clientOf((request, response) => {
      if (dropped.has(idOf(request))) return answer(response, 200, job('succeeded', idOf(request)))
      dropped.add(idOf(request))
      drop(request, response)
    })
    const jobs = await Array.fromAsync(client.results(batch))
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(['job_1', 'job_2'])
  })

  test('that are left early close the connections of the others', async () => {
    const closed = Promise.withResolvers<void>()
    const client = await clientOf((request, response) => {
      if (idOf(request) === 'job_1') response.on('close', closed.resolve)
      else answer(response, 200, job('succeeded', 'job_2'))
    })
    for await (const _ of client.results(batch)) break
    await closed.promise
  })

  test('end with the reason of the signal', async () => {
    const leaving = new AbortController()
    const reason = new Error('enough')
    const client = await clientOf(() => leaving.abort(reason))
    const read = Array.fromAsync(client.results(batch, { signal: leaving.signal }))
    await expect(read).rejects.toBe(reason)
  })
})

test('who is not there is told as the rest of the client tells it', async () => {
  const url = await serveRaw(socket => socket.destroy())
  await expect(new ForemanClient({ url }).submit({ model: 'm' })).rejects.toBeInstanceOf(ConnectionError)
})
