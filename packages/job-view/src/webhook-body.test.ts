import type { Announcement, StoredAnswer } from '@foreman/store'
import { describe, expect, test, vi } from 'vitest'
import { aJob } from './testing/a-job.ts'
import { webhookBody, INLINE_RESULT_BYTES } from './webhook-body.ts'

const answerOf = (body: unknown, contentType = 'application/json; charset=utf-8'): StoredAnswer => ({
  head: { status: 200, headers: [['Content-Type', contentType]] },
  body: [Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))],
})

const ended = { finishedAt: 3_000, expiresAt: 4_000, attempt: 1, answerAttempt: 1 } as const

const fail = (error: unknown): never => {
  throw error
}

const textOf = (announcement: Partial<Announcement>, publicUrl?: string): string =>
  webhookBody({ publicUrl, onError: fail })({
    event: 'job.succeeded',
    at: 3_000,
    job: aJob({ ...ended, state: 'succeeded' }),
    answer: () => undefined,
    ...announcement,
  })

const bodyOf = (announcement: Partial<Announcement>, publicUrl?: string) =>
  JSON.parse(textOf(announcement, publicUrl)) as {
    type: string
    timestamp: string
    data: { job: Record<string, unknown>; result_url?: string }
  }

test('a message says what happened when, and shows the job', () => {
  const { type, timestamp, data } = bodyOf({
    event: 'job.started',
    at: 2_000,
    job: aJob({ state: 'running' }),
  })
  expect([type, timestamp]).toEqual(['job.started', '1970-01-01T00:00:02.000Z'])
  expect(data).toMatchObject({ job: { id: 'job_1', state: 'running' } })
  expect(data).not.toHaveProperty('result_url')
})

test('a short result is in the message', () => {
  const { data } = bodyOf({ answer: () => answerOf({ done: true }) })
  expect(data.job['result']).toEqual({ done: true })
  expect(data).not.toHaveProperty('result_url')
})

test('a streamed answer is put together for it', () => {
  const pieces = [
    { model: 'm', message: { role: 'assistant', content: 'a' }, done: false },
    { model: 'm', message: { role: 'assistant', content: 'b' }, done: true },
  ]
  const ndjson = pieces.map(piece => `${JSON.stringify(piece)}\n`).join('')
  const { data } = bodyOf({ answer: () => answerOf(ndjson, 'application/x-ndjson') })
  expect(data.job['result']).toMatchObject({ message: { content: 'ab' }, done: true })
})

test.each([
  ['just short enough', INLINE_RESULT_BYTES - 9, true],
  ['too long', INLINE_RESULT_BYTES - 8, false],
])('of a result that is %s', (_what, length, isInline) => {
  const { data } = bodyOf({ answer: () => answerOf({ a: 'x'.repeat(length) }) })
  expect('result' in data.job).toBe(isInline)
  expect(data.result_url).toBe(isInline ? undefined : '/jobs/job_1')
})

test('a result that is not in the message is linked, at the address that callers know', () => {
  expect(bodyOf({}, 'https://foreman.example').data.result_url).toBe('https://foreman.example/jobs/job_1')
})

const DIGITS = '{ "id": 1234567890123456789, "ratio": 1.0, "huge": 1e400 }'

test.each([
  ['in one piece', DIGITS, 'application/json'],
  ['as a stream', `{"message":{"tool_calls":[${DIGITS}]},"done":true}\n`, 'application/x-ndjson'],
])('numbers of a result that came %s, and of metadata, keep their digits', (_what, answer, contentType) => {
  const job = aJob({ ...ended, state: 'succeeded', metadata: DIGITS })
  const text = textOf({ job, answer: () => answerOf(answer, contentType) })
  expect(text.split(DIGITS)).toHaveLength(3)
})

test.each([
  ['is no JSON', '{"a":}'],
  ['is no object', '[1]'],
])('a result that %s is linked: the message stays JSON', (_what, answer) => {
  const { data } = bodyOf({ answer: () => answerOf(answer) })
  expect(data.job).not.toHaveProperty('result')
  expect(data.result_url).toBe('/jobs/job_1')
})

test('a failure is told in the words of the target', () => {
  const job = aJob({ ...ended, state: 'failed', errorCode: 'http_error', statusCode: 404 })
  const { data } = bodyOf({ event: 'job.failed', job, answer: () => answerOf({ error: 'no such model' }) })
  expect(data.job['error']).toEqual({ code: 'http_error', message: 'no such model', status: 404 })
})

test('an error is found behind very many pieces', () => {
  const job = aJob({ ...ended, state: 'failed', errorCode: 'target_error', statusCode: 200 })
  const { head } = answerOf('', 'application/x-ndjson')
  const body = [
    ...Array<Buffer>(100_000).fill(Buffer.from('{"a":1}\n')),
    Buffer.from('{"error":"it broke"}\n'),
  ]
  const { data } = bodyOf({ event: 'job.failed', job, answer: () => ({ head, body }) })
  expect(data.job['error']).toMatchObject({ message: 'it broke' })
})

test('an error at the end of a stream is found', () => {
  const job = aJob({ ...ended, state: 'failed', errorCode: 'target_error', statusCode: 200 })
  const sse = 'data: {"a":1}\n\ndata: {"error":{"message":"it broke"}}\n\n'
  const { data } = bodyOf({ event: 'job.failed', job, answer: () => answerOf(sse, 'text/event-stream') })
  expect(data.job['error']).toMatchObject({ message: 'it broke' })
})

const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)

test('a result that nests too deep is linked: writing it anew would overflow the stack', () => {
  const { data } = bodyOf({ answer: () => answerOf(nested(10_000)) })
  expect(data.job).not.toHaveProperty('result')
  expect(data.result_url).toBe('/jobs/job_1')
})

describe('a message that cannot be written with its result', () => {
  const broken = (): StoredAnswer => ({
    head: { status: 200, headers: [['Content-Type', 'application/json']] },
    get body(): Buffer[] {
      throw new Error('out of order')
    },
  })

  test('is written without it, and the failure is reported', () => {
    const onError = vi.fn<(error: unknown, jobId: string) => void>()
    const body = webhookBody({ onError })({
      event: 'job.succeeded',
      at: 3_000,
      job: aJob({ ...ended, state: 'succeeded' }),
      answer: broken,
    })
    expect(JSON.parse(body)).toMatchObject({
      type: 'job.succeeded',
      data: { job: { id: 'job_1', state: 'succeeded' }, result_url: '/jobs/job_1' },
    })
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'out of order' }), 'job_1')
  })
})
