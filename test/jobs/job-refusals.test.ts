import { describe, expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'

const messages = [{ role: 'user', content: 'Hello!' }]

describe('an error about what prefers to be handed over', () => {
  const request = { model: 'plain', messages, prompt: 'x', input: 'x', max_tokens: 9 }
  const inDialect = (path: string, message: unknown, type: unknown): object => {
    if (path.startsWith('/api/')) return { error: message }
    if (path !== '/v1/messages') return { error: { message, type, param: null, code: null } }
    return { type: 'error', error: { type, message }, request_id: expect.stringMatching(/^req_/) as string }
  }

  test.each([
    ['/api/chat', ''],
    ['/api/generate', ''],
    ['/v1/chat/completions', 'api_error'],
    ['/v1/completions', 'api_error'],
    ['/v1/responses', 'api_error'],
    ['/v1/messages', 'overloaded_error'],
  ])('is in the words of %s', async (path, overloaded) => {
    const { ask } = await startJobs({ worker: false, variables: { FOREMAN_MAX_QUEUED_JOBS: '1' } })
    const handOver = (body: object, key: string) =>
      ask('POST', path, body, { prefer: 'respond-async', 'idempotency-key': key })
    const unknown = await handOver({ ...request, model: 'nobody' }, 'a')
    expect([unknown.status, unknown.json]).toEqual([
      404,
      inDialect(path, expect.stringContaining('not found'), 'not_found_error'),
    ])
    expect((await handOver(request, 'a')).status).toBe(202)
    const reused = await handOver({ ...request, max_tokens: 8 }, 'a')
    const why = 'this Idempotency-Key came with another request before'
    expect([reused.status, reused.json]).toEqual([422, inDialect(path, why, 'invalid_request_error')])
    const full = await handOver(request, 'b')
    expect([full.status, full.headers['retry-after']]).toEqual([503, '30'])
    expect(full.json).toEqual(inDialect(path, 'the queue is full: 1 jobs wait', overloaded))
  })
})

test.each([
  ['OPTIONS', '/jobs', 405, 'GET, POST'],
  ['PATCH', '/jobs/batch', 405, 'POST'],
  ['GET', '/jobs/batch', 405, 'POST'],
  ['POST', '/jobs/:id', 405, 'GET, PATCH, DELETE'],
  ['GET', '/jobs/:id/retry', 405, 'POST'],
  ['POST', '/jobs/:id/deliveries', 405, 'GET'],
  ['DELETE', '/jobs/:id/deliveries/msg_1/redeliver', 405, 'POST'],
  ['GET', '/jobs/:id/events/1', 404, undefined],
])('%s %s is a problem', async (method, path, status, allow) => {
  const { ask, submit } = await startJobs({ worker: false })
  const { id } = await submit(hello)
  const answer = await ask(method, path.replace(':id', id))
  const { headers, json } = answer
  expect([answer.status, headers['allow'], headers['content-type']]).toEqual([
    status,
    allow,
    'application/problem+json',
  ])
  expect(json).toMatchObject({ status, code: status === 404 ? 'not_found' : 'method_not_allowed' })
})

test('HEAD tells of a job, and of the list, without showing them', async () => {
  const { ask, submit } = await startJobs({ worker: false })
  const { id } = await submit(hello)
  for (const path of [`/jobs/${id}`, '/jobs']) {
    const [head, get] = [await ask('HEAD', path), await ask('GET', path)]
    expect([head.status, head.text, head.headers['content-length']]).toEqual([
      200,
      '',
      get.headers['content-length'],
    ])
  }
})
