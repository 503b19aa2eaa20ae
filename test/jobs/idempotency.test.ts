import type { Fault } from '@foreman/ollama-sim'
import { listJobs } from '@foreman/store/testing'
import { expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const keyed = (key: string) => ({ 'idempotency-key': key })
const streamed = { model: 'plain', prompt: 'Hello!', stream: true }

test('the same key fifty times at once is one job, and another body is refused', async () => {
  const { ask, foreman } = await startJobs()
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('POST', '/jobs', hello, keyed('k'))))
  expect(new Set(answers.map(({ json }) => json['id'])).size).toBe(1)
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
  const replayed = answers.filter(({ status }) => status === 200)
  expect(replayed.map(({ headers }) => headers['idempotency-replayed'])).toEqual(Array(49).fill('true'))
  expect(await listJobs(foreman.store)).toHaveLength(1)
  const other = await ask('POST', '/jobs', { ...hello, priority: 'low' }, keyed('k'))
  expect(other.json).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  const elsewhere = await ask('POST', '/api/generate', hello.request, keyed('k'))
  expect([elsewhere.status, elsewhere.json['error']]).toEqual([
    422,
    'this Idempotency-Key came with another request before',
  ])
})

test('fifty callers with one key who wait get the answer of one generation', async () => {
  const { foreman, sim } = await startJobs({ sim: { tokensPerSecond: 200 } })
  const body = JSON.stringify(streamed)
  const all = Array.from({ length: 50 }, () =>
    send(foreman.url, { path: '/api/generate', headers: keyed('k'), body }),
  )
  const answers = await Promise.all(all)
  expect(new Set(answers.map(answer => answer.body.toString())).size).toBe(1)
  expect(answers[0]!.body.toString()).toContain('"done":true')
  expect(sim.requests.filter(({ path }) => path === '/api/generate')).toHaveLength(1)
})

test('a caller of a stream that is dropped and comes back with its key gets the whole answer', async () => {
  const { foreman, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
  const path = '/api/generate'
  const body = JSON.stringify(streamed)
  const leave = new AbortController()
  const begun = Promise.withResolvers<string>()
  const dropped = send(foreman.url, {
    path,
    headers: keyed('k'),
    body,
    signal: leave.signal,
    onPiece: piece => begun.resolve(piece.toString()),
  }).catch(() => 'dropped')
  const first = await begun.promise
  leave.abort()
  await dropped
  const live = await send(foreman.url, { path, headers: keyed('k'), body })
  expect([live.status, live.headers['idempotency-replayed']]).toEqual([200, 'true'])
  expect(live.body.toString()).toMatch(/"done":true/)
  expect(live.body.toString().startsWith(first.split('\n')[0]!)).toBe(true)
  const later = await send(foreman.url, { path, headers: keyed('k'), body })
  expect(later.body).toEqual(live.body)
  expect(later.headers['x-foreman-job-id']).toBe(live.headers['x-foreman-job-id'])
  expect(sim.requests.filter(seen => seen.path === path)).toHaveLength(1)
})

test('a caller that wants its job to finish may leave, and finds the result', async () => {
  const { foreman, ask, ended, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
  const leave = new AbortController()
  const headers = { 'x-foreman-on-disconnect': 'finish' }
  const left = send(foreman.url, {
    path: '/api/generate',
    headers,
    body: JSON.stringify(streamed),
    signal: leave.signal,
  }).catch(() => 'left')
  await until(() => sim.inFlight === 1)
  leave.abort()
  await left
  const [job] = (await ask('GET', '/jobs')).json['jobs'] as { id: string }[]
  expect((await ended(job!.id)).result).toMatchObject({ done: true })
  const refused = await ask('POST', '/api/generate', streamed, { 'x-foreman-on-disconnect': 'maybe' })
  expect([refused.status, refused.json['error']]).toEqual([
    400,
    'X-Foreman-On-Disconnect must be finish or cancel',
  ])
})

test('a key whose job ended without an answer starts anew', async () => {
  const { ask, ended, foreman } = await startJobs({ worker: false })
  const first = await ask('POST', '/jobs', hello, keyed('k'))
  await ask('DELETE', `/jobs/${String(first.json['id'])}`)
  const second = await ask('POST', '/jobs', hello, keyed('"k"'))
  expect(second.status).toBe(202)
  expect(second.json['id']).not.toBe(first.json['id'])
  foreman.startWorker()
  expect((await ended(String(second.json['id']))).state).toBe('succeeded')
  expect((await ask('POST', '/jobs', hello, keyed('k'))).json['id']).toBe(second.json['id'])
})

test('who comes with the key of a job that was handed over is cut off when its attempt breaks off', async () => {
  const { ask, foreman, ended, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
  sim.fault({ kind: 'die', afterChunks: 3, count: 1, path: '/api/generate' })
  const body = JSON.stringify(streamed)
  const accepted = await ask('POST', '/api/generate', body, { ...keyed('k'), prefer: 'respond-async' })
  const attached = await send(foreman.url, { path: '/api/generate', headers: keyed('k'), body })
  expect(attached.body.toString()).toMatch(/"error":"this attempt broke off, and the job runs again"/)
  expect(await ended(String(accepted.json['id']))).toMatchObject({ state: 'succeeded', attempts: 2 })
  const whole = await send(foreman.url, { path: '/api/generate', headers: keyed('k'), body })
  expect(whole.body.toString()).toMatch(/"done":true/)
})

test('what is refused of new work is not refused of work that was taken before', async () => {
  let now = Date.now()
  const { ask } = await startJobs({
    worker: false,
    now: () => now,
    variables: { FOREMAN_MAX_QUEUED_JOBS: '2' },
  })
  const submission = { ...hello, deadline: new Date(now + 60_000).toISOString() }
  const headers = { ...keyed('batch'), 'content-type': 'application/jsonl' }
  const first = await ask('POST', '/jobs', submission, keyed('k'))
  const batch = await ask('POST', '/jobs/batch', JSON.stringify(submission), headers)
  now += 120_000
  const again = await ask('POST', '/jobs', submission, keyed('k'))
  expect([again.status, again.json['id']]).toEqual([200, first.json['id']])
  const batchAgain = await ask('POST', '/jobs/batch', JSON.stringify(submission), headers)
  expect([batchAgain.status, batchAgain.json]).toEqual([200, batch.json])
  expect((await ask('POST', '/jobs', submission)).status).toBe(422)
  expect((await ask('POST', '/jobs', hello)).status).toBe(503)
})

test('a batch with a key is one batch, however often it is sent', async () => {
  const { ask, foreman } = await startJobs({ worker: false })
  const lines = [hello, hello, hello].map(each => JSON.stringify(each)).join('\n')
  const headers = { ...keyed('k'), 'content-type': 'application/jsonl' }
  const first = await ask('POST', '/jobs/batch', lines, headers)
  const second = await ask('POST', '/jobs/batch', lines, headers)
  expect([first.status, second.status, second.headers['idempotency-replayed']]).toEqual([202, 200, 'true'])
  expect(second.json).toEqual(first.json)
  const other = await ask('POST', '/jobs/batch', JSON.stringify(hello), headers)
  expect(other.json).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  expect(await listJobs(foreman.store)).toHaveLength(3)
})

test.each(['', 'x'.repeat(256), 'caf\u00e9'.normalize('NFC')])('%j is no key', async key => {
  const { ask } = await startJobs({ worker: false })
  const latin = Buffer.from(key).toString('latin1')
  expect((await ask('POST', '/jobs', hello, keyed(latin))).json).toMatchObject({ status: 400 })
})

test.each<[what: string, fault: Fault]>([
  ['a busy target', { kind: 'status', status: 503, error: 'server busy' }],
  ['a rate limit', { kind: 'status', status: 429, error: 'slowly' }],
  ['a proxy that waited in vain', { kind: 'status', status: 504 }],
  ['a stream that broke off', { kind: 'die' }],
  ['a stream that was cut short', { kind: 'no-done', afterChunks: 1 }],
])('a request that failed by %s runs when it is sent again with its key', async (_what, fault) => {
  const { foreman, sim } = await startJobs({ variables: { FOREMAN_MAX_ATTEMPTS: '1' } })
  const request = { path: '/api/generate', headers: keyed('k'), body: JSON.stringify(streamed) }
  sim.fault({ ...fault, path: '/api/generate', count: 1 })
  const first = await send(foreman.url, request)
  expect(first.body.toString()).not.toContain('"done":true')
  const second = await send(foreman.url, request)
  expect([second.status, second.headers['idempotency-replayed']]).toEqual([200, undefined])
  expect(second.body.toString()).toMatch(/"done":true.*\n$/)
})

test("a request that failed by the target's last word is replayed with its key", async () => {
  const { foreman, sim } = await startJobs()
  const request = { path: '/api/generate', headers: keyed('k'), body: JSON.stringify(streamed) }
  sim.fault({ kind: 'status', status: 500, error: 'out of memory', path: '/api/generate', count: 1 })
  const first = await send(foreman.url, request)
  const second = await send(foreman.url, request)
  expect([second.status, second.body.toString()]).toEqual([500, first.body.toString()])
  expect(second.headers['idempotency-replayed']).toBe('true')
})

test('a batch that is sent again with its key runs those of its jobs anew that failed in passing', async () => {
  const { ask, ended, sim } = await startJobs({ variables: { FOREMAN_MAX_ATTEMPTS: '1' } })
  const batch = [hello, { request: { ...hello.request, model: 'alpha' } }]
  const idsOf = (json: Record<string, unknown>) => (json['jobs'] as { id: string }[]).map(({ id }) => id)
  const path = '/api/generate'
  sim.fault({ kind: 'status', status: 503, error: 'server busy', path, model: 'alpha', count: 1 })
  const headers = { ...keyed('k'), 'content-type': 'application/json' }
  const first = idsOf((await ask('POST', '/jobs/batch', batch, headers)).json)
  expect((await Promise.all(first.map(ended))).map(({ state }) => state)).toEqual(['succeeded', 'failed'])
  const answer = await ask('POST', '/jobs/batch', batch, headers)
  const second = idsOf(answer.json)
  expect([answer.status, answer.headers['idempotency-replayed']]).toEqual([202, undefined])
  expect(second.map((id, index) => id === first[index])).toEqual([true, false])
  expect((await Promise.all(second.map(ended))).map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
})
