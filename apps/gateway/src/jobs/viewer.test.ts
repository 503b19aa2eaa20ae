import type { Store } from '@foreman/store'
import { describe, expect, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { newJob, submitTo } from '../testing/submit.ts'
import { tempStore } from '../testing/temp-store.ts'
import { JobViewer } from './viewer.ts'

const HOUR_MS = 3_600_000

const viewerOf = (store: Store, { isShared = true, now = 2_000 } = {}) =>
  new JobViewer({ store, isShared, jobTtlMs: HOUR_MS, stallMs: 30_000, now: () => now })

/** A job that has ended with this answer. */
const endedJob = (
  store: Store,
  answer: string | Buffer,
  { contentType = 'application/json', metadata = '{}' } = {},
) => {
  const job = submitTo(store, { metadata })
  const claim = store.queue.claimNext('m', 'first', 1_000, 1_000)!
  const head = { status: 200, headers: [['Content-Type', contentType]] as const }
  store.runs.append(claim, { head, body: Buffer.from(answer) })
  store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, 2_000, HOUR_MS)
  return job
}

/** What a caller is answered. */
const answerOf = async (
  act: (viewer: JobViewer, response: Parameters<JobViewer['show']>[1]) => Promise<void>,
  store: Store,
) => {
  const url = await serve((_request, response) => void act(viewerOf(store), response))
  const answer = await fetch(url)
  const text = await answer.text()
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: JSON.parse(text) as Record<string, unknown>,
  }
}

describe('a job is found', () => {
  test('by its caller, and not by another: to them it is as if it were not there', () => {
    const store = tempStore()
    const { id } = submitTo(store, { caller: 'ann' })
    const viewer = viewerOf(store)
    expect(viewer.find(id, 'ann').id).toBe(id)
    expect(() => viewer.find(id, 'bob')).toThrow(
      expect.objectContaining({ status: 404, code: 'job_not_found' }),
    )
    expect([viewer.visibleTo('ann'), viewerOf(store, { isShared: false }).visibleTo('ann')]).toEqual([
      'ann',
      undefined,
    ])
  })

  test('by everybody where there is one caller', () => {
    const store = tempStore()
    const { id } = submitTo(store, { caller: 'ann' })
    expect(viewerOf(store, { isShared: false }).find(id, 'default').id).toBe(id)
  })

  test.each([
    ['that was deleted after its time', 2 * HOUR_MS, 410],
    ['whose time is not up', 1_000, 404],
  ])('no more when it is one %s', (_what, now, status) => {
    // The id begins with the time 500 (UUID version 7).
    const id = `job_0000000001f4${'7'.padEnd(20, '0')}`
    expect(() => viewerOf(tempStore(), { now }).find(id, 'ann')).toThrow(expect.objectContaining({ status }))
  })

  test('not by a text that is no id', () => {
    expect(() => viewerOf(tempStore()).find('job_x', 'ann')).toThrow(expect.objectContaining({ status: 404 }))
  })
})

describe('what is shown', () => {
  test('of a queued job is its position', async () => {
    const store = tempStore()
    submitTo(store)
    const { seq } = submitTo(store)
    const { json } = await answerOf((viewer, response) => viewer.show(seq, response), store)
    expect(json).toMatchObject({ state: 'queued', position: 1 })
  })

  test('of a job whose answer nests too deep is why its result is left out', async () => {
    const store = tempStore()
    const { seq } = endedJob(store, `${'{"a":'.repeat(6_000)}1${'}'.repeat(6_000)}`)
    const { status, json } = await answerOf((viewer, response) => viewer.show(seq, response), store)
    expect(status).toBe(200)
    expect(json).toMatchObject({ state: 'succeeded', result_omitted: expect.stringContaining('levels') })
    expect(json).not.toHaveProperty('result')
  })

  test('of a job whose answer is too long is why its result is left out', async () => {
    const store = tempStore()
    const { seq } = endedJob(store, JSON.stringify({ response: 'x'.repeat(33 * 1024 * 1024) }))
    const { json } = await answerOf((viewer, response) => viewer.show(seq, response), store)
    expect(json).toMatchObject({ state: 'succeeded', result_omitted: expect.stringContaining('32 MiB') })
  })

  test.each([
    ['is no JSON', '{"a":}'],
    ['is no object', '[1]'],
    ['is not UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
  ])('of a job whose answer %s is why there is no result', async (_what, answer) => {
    const store = tempStore()
    const { seq } = endedJob(store, answer)
    const { json } = await answerOf((viewer, response) => viewer.show(seq, response), store)
    expect(json).toMatchObject({ state: 'succeeded', result_omitted: expect.stringContaining('JSON object') })
  })

  const DIGITS = '{ "id": 1234567890123456789, "ratio": 1.0, "huge": 1e400 }'

  test.each([
    ['in one piece', DIGITS, 'application/json'],
    ['as a stream', `{"response":"","tool_calls":[${DIGITS}],"done":true}\n`, 'application/x-ndjson'],
  ])(
    'of a result that came %s, and of metadata, are the digits of numbers',
    async (_what, answer, contentType) => {
      const store = tempStore()
      const { seq } = endedJob(store, answer, { contentType, metadata: DIGITS })
      const { text } = await answerOf((viewer, response) => viewer.show(seq, response), store)
      expect(text.split(DIGITS)).toHaveLength(3)
    },
  )

  test('of a long answer is the result, byte for byte', async () => {
    const store = tempStore()
    const answer = `{"a":[${'"é€😀", 1.0, '.repeat(200_000)}1]}`
    const { seq } = endedJob(store, answer)
    const { text, headers } = await answerOf((viewer, response) => viewer.show(seq, response), store)
    expect(text.endsWith(`,"result":${answer}}`)).toBe(true)
    expect(headers.get('content-length')).toBeNull()
  })

  test('of a long stream is the result that its pieces make', async () => {
    const store = tempStore()
    const line = '{"response":"é€😀","done":true}\n'
    const { seq } = endedJob(store, line.repeat(50_000), { contentType: 'application/x-ndjson' })
    const { json } = await answerOf((viewer, response) => viewer.show(seq, response), store)
    const { response } = json['result'] as { response: string }
    expect(response === 'é€😀'.repeat(50_000)).toBe(true)
  })

  test('of a job that has ended is its result', async () => {
    const store = tempStore()
    const { seq } = endedJob(store, '{"response":"Hi","done":true}')
    const { json } = await answerOf((viewer, response) => viewer.show(seq, response), store)
    expect(json).toMatchObject({ state: 'succeeded', result: { response: 'Hi', done: true } })
  })

  test('of a new job is where it is, with 202', async () => {
    const store = tempStore()
    const job = store.submissions.enqueue(newJob(), 1_000)
    const { status, headers, json } = await answerOf(
      (viewer, response) => viewer.accepted(job, response),
      store,
    )
    expect([status, headers.get('location'), json['id']]).toEqual([202, `/jobs/${job.id}`, job.id])
    expect(headers.get('idempotency-replayed')).toBeNull()
  })

  test('of a job that is replayed is the job as it is now, with 200', async () => {
    const store = tempStore()
    const job = { ...endedJob(store, '{"response":"Hi"}'), isReplayed: true }
    const { status, headers, json } = await answerOf(
      (viewer, response) => viewer.accepted(job, response),
      store,
    )
    expect([status, headers.get('idempotency-replayed')]).toEqual([200, 'true'])
    expect(json).toMatchObject({ result: { response: 'Hi' } })
  })
})
