import type { Store } from '@foreman/store'
import { describe, expect, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { newJob, submitTo } from '../testing/submit.ts'
import { tempStore } from '../testing/temp-store.ts'
import { JobViewer } from './viewer.ts'

const HOUR_MS = 3_600_000

const viewerOf = (store: Store, { isShared = true, now = 2_000 } = {}) =>
  new JobViewer({ store, isShared, jobTtlMs: HOUR_MS, now: () => now })

/** A job that has ended with this answer. */
const endedJob = (store: Store, answer: string) => {
  const job = submitTo(store)
  const claim = store.queue.claimNext('m', 'first', 1_000, 1_000)!
  const head = { status: 200, headers: [['Content-Type', 'application/json']] as const }
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
  return {
    status: answer.status,
    headers: answer.headers,
    json: (await answer.json()) as Record<string, unknown>,
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
