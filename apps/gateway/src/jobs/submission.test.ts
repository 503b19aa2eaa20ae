import { runSteps } from '@foreman/ollama-client'
import { describe, expect, test } from 'vitest'
import { readSubmission } from './submission.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')
const read = (submission: unknown) =>
  runSteps(
    readSubmission(Buffer.from(typeof submission === 'string' ? submission : JSON.stringify(submission)), {
      caller: 'ann',
      senderFor: (user = '') => ({ account: 'ann', sender: user }),
      deadlinesAfter: NOW,
    }),
  )

const request = { model: 'M', prompt: 'x' }

test('a submission becomes a job of its caller, that can be repeated', () => {
  expect(
    read({
      request,
      priority: 'high',
      metadata: { a: 1 },
      max_attempts: 2,
      deadline: '2030-01-01T00:00:01Z',
      webhook: { url: 'https://a.example/', events: ['job.failed'] },
    }),
  ).toMatchObject({
    caller: 'ann',
    path: '/api/generate',
    endpoint: '/api/generate',
    model: 'M',
    streaming: false,
    priority: 'high',
    metadata: '{"a":1}',
    maxAttempts: 2,
    deadlineAt: NOW + 1_000,
    webhook: { url: 'https://a.example/', events: ['job.failed'] },
  })
})

test('the request stays as it was written: numbers keep their digits', () => {
  const text = '{"model":"m", "prompt":"x", "options":{"seed":12345678901234567890, "temperature":1.0}}'
  expect(read(`{"request": ${text} }`).body.toString()).toBe(text)
})

test('the metadata stays as it was written, also that of a large submission', () => {
  const metadata = '{ "row": 1234567890123456789, "ratio": 1.0, "huge": 1e400 }'
  const prompt = 'x'.repeat(100_000)
  for (const text of [JSON.stringify(request), JSON.stringify({ ...request, prompt })])
    expect(read(`{"request":${text},"metadata": ${metadata}}`).metadata).toBe(metadata)
})

describe('what is not said has a default', () => {
  test('the priority is normal, and a webhook reports how the job ended', () => {
    const { priority, webhook } = read({ request, webhook: { url: 'https://a.example/' } })
    expect([priority, webhook?.events]).toEqual(['normal', ['job.succeeded', 'job.failed', 'job.cancelled']])
  })

  test.each([
    [{ model: 'm', messages: [] }, '/api/chat'],
    [{ model: 'm', prompt: '' }, '/api/generate'],
    [{ model: 'm', prompt: '', messages: [] }, '/api/chat'],
  ])('the endpoint of %j is %s', (given, endpoint) => {
    expect(read({ request: given }).endpoint).toBe(endpoint)
  })
})

describe('a submission is refused', () => {
  test.each<[what: string, submission: unknown, status: number, pointer: string | undefined]>([
    ['that is not JSON', '{"request":', 400, undefined],
    ['that is no object', '[]', 422, ''],
    ['without a request', {}, 422, '/request'],
    ['with an unknown member', { request, name: 'x' }, 422, ''],
    ['without a model', { request: { prompt: 'x' } }, 422, '/request/model'],
    ['with an unknown endpoint', { request, endpoint: '/api/tags' }, 422, '/endpoint'],
    ['whose endpoint cannot be told', { request: { model: 'm' } }, 422, '/endpoint'],
    ['with an unknown priority', { request, priority: 'urgent' }, 422, '/priority'],
    ['with a deadline that has passed', { request, deadline: '2030-01-01T00:00:00Z' }, 422, '/deadline'],
    ['with a deadline without a zone', { request, deadline: '2030-01-02T00:00:00' }, 422, '/deadline'],
    ['with too many attempts', { request, max_attempts: 101 }, 422, '/max_attempts'],
    [
      'with an unknown event',
      { request, webhook: { url: 'https://a/', events: ['job.lost'] } },
      422,
      '/webhook/events/0',
    ],
    [
      'with a URL that is too long',
      { request, webhook: { url: `https://a/${'x'.repeat(2_048)}` } },
      422,
      '/webhook/url',
    ],
    [
      'with metadata that are too long',
      { request, metadata: { a: 'x'.repeat(16 * 1024) } },
      422,
      '/metadata',
    ],
    [
      'with metadata that are too long as they are written',
      `{"request":{"model":"m","prompt":"x"},"metadata":{${' '.repeat(16 * 1024)}}}`,
      422,
      '/metadata',
    ],
    ['with metadata that are no object', { request, metadata: [] }, 422, '/metadata'],
    [
      'with metadata that are too deep',
      `{"request":{"model":"m","prompt":"x"},"metadata":${'{"a":'.repeat(101)}1${'}'.repeat(101)}}`,
      422,
      '/metadata',
    ],
  ])('%s', (_what, submission, status, pointer) => {
    let refusal: unknown
    try {
      read(submission)
    } catch (error) {
      refusal = error
    }
    const members = pointer === undefined ? {} : { errors: [{ pointer }] }
    expect(refusal).toMatchObject({ status, members })
  })
})

describe('a submission of many megabytes', () => {
  const BYTES = 1_000_000
  const list = `[${'{},'.repeat(BYTES / 3)}{}]`

  test('is accepted without parsing its request, as what is wrong in it shows: the target will refuse that', () => {
    const wrong = list.replace('{}', '{:}')
    const job = read(`{"request":{"model":"m","prompt":"x","a":${wrong}},"priority":"low"}`)
    expect([job.endpoint, job.priority, job.body.byteLength > BYTES]).toEqual(['/api/generate', 'low', true])
  })

  test.each<[what: string, submission: string, pointer: string]>([
    ['its request is a list', `{"request":${list}}`, '/request'],
    ['its endpoint cannot be told', `{"request":{"model":"m","a":${list}}}`, '/endpoint'],
    ['there is an unknown member', `{"request":{"model":"m","prompt":"","a":${list}},"b":1}`, ''],
  ])('is refused when %s', (_what, submission, pointer) => {
    expect(() => read(submission)).toThrow(
      expect.objectContaining({ status: 422, members: { errors: [expect.objectContaining({ pointer })] } }),
    )
  })

  test.each([
    ['metadata', `{"metadata":{"a":${list}},"request":{"model":"m","prompt":"x"}}`],
    ['no request', `{"a":${list}}`],
    ['something that is no object', list],
  ])('is refused when the bytes are %s', (_what, submission) => {
    expect(() => read(submission)).toThrow(expect.objectContaining({ status: 422 }))
  })
})
