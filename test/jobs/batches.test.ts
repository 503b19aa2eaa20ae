import { listJobs } from '@foreman/store/testing'
import { describe, expect, test } from 'vitest'
import { startStreaming } from '../harness/endless-stream.ts'
import { hello, startJobs } from '../harness/jobs.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const line = JSON.stringify(hello)
const jsonl = { 'content-type': 'application/jsonl' }
const ndjson = { 'content-type': 'application/x-ndjson; charset=utf-8' }
const json = { 'content-type': 'application/json' }

describe('a batch', () => {
  test.each<[what: string, body: string, headers: Record<string, string>]>([
    ['lines', `${line}\n${line}\n`, jsonl],
    ['lines without the last feed', `${line}\n${line}`, ndjson],
    ['lines of another system, blank ones among them', `${line}\r\n\r\n  \n${line}\r\n`, ndjson],
    ['an array', ` [${line} , ${line}] `, json],
  ])('may be %s', async (_what, body, headers) => {
    const { ask, foreman } = await startJobs({ worker: false })
    const answer = await ask('POST', '/jobs/batch', body, headers)
    const ids = (await listJobs(foreman.store)).map(({ id }) => id)
    const jobs = ids.toReversed().map((id, index) => ({ index, id }))
    expect([answer.status, answer.json]).toEqual([
      202,
      { batch: expect.any(String) as string, count: 2, jobs },
    ])
    expect(jobs).toHaveLength(2)
  })

  test.each<[what: string, body: string, headers: Record<string, string>, expected: object]>([
    ['a line that is no JSON', `${line}\n\n{"request":\n`, jsonl, { status: 400, index: 1, line: 3 }],
    ['a line that is no submission', `${line}\n{}`, jsonl, { status: 422, index: 1, line: 2 }],
    ['an element that is none', `[${line},{"request":{"prompt":"x"}}]`, json, { status: 422, index: 1 }],
    [
      'a model that nobody knows',
      `${line}\n${line}\n{"request":{"model":"no","prompt":"x"}}`,
      jsonl,
      { status: 404, code: 'model_not_found', index: 2, line: 3 },
    ],
    ['an array that is not closed', `[${line}`, json, { status: 400 }],
    ['something behind the array', `[${line}] x`, json, { status: 400 }],
    ['no array', line, json, { status: 400 }],
    ['nothing in it', '\n\n', jsonl, { status: 422 }],
    ['nothing in its array', '[]', json, { status: 422 }],
    ['another type', line, { 'content-type': 'text/plain' }, { status: 415 }],
    ['no type', line, {}, { status: 415 }],
    ['too many jobs', `${line}\n`.repeat(10_001), jsonl, { status: 413, code: 'too_many_jobs' }],
  ])('is refused as a whole for %s', async (_what, body, headers, expected) => {
    const { ask, foreman } = await startJobs()
    const answer = await ask('POST', '/jobs/batch', body, headers)
    expect(answer.json).toMatchObject(expected)
    expect(answer.status).toBe(answer.json['status'])
    expect(await listJobs(foreman.store)).toEqual([])
  })

  test('is refused above its size, and when it has more jobs than may wait', async () => {
    const variables = { FOREMAN_MAX_BATCH: '1KB', FOREMAN_MAX_QUEUED_JOBS: '3' }
    const { ask, foreman } = await startJobs({ worker: false, variables })
    const large = await ask('POST', '/jobs/batch', `${line}\n`.repeat(100), jsonl)
    expect(large.json).toMatchObject({ status: 413, code: 'body_too_large' })
    const many = await ask('POST', '/jobs/batch', `${line}\n`.repeat(4), jsonl)
    expect(many.json).toMatchObject({ status: 413, code: 'too_many_jobs' })
    expect(await listJobs(foreman.store)).toEqual([])
  })
})

test('a stream goes on while ten thousand jobs are handed over', async () => {
  const { url, seen } = await startStreaming()
  const request = { model: 'plain', prompt: 'x'.repeat(150) }
  const body = `${JSON.stringify({ request })}\n`.repeat(10_000)
  const before = seen.pieces
  const batch = await send(url, { path: '/jobs/batch', headers: jsonl, body })
  const meanwhile = seen.pieces - before
  expect(batch.status).toBe(202)
  expect((JSON.parse(batch.body.toString()) as { count: number }).count).toBe(10_000)
  // A gateway that handles the batch in one go sends one piece at most before it answers.
  expect(meanwhile).toBeGreaterThan(2)
  await until(() => seen.pieces > before + meanwhile + 5)
})
