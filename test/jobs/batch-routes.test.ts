import type { Batch, BatchPage, BatchState } from '@foreman/foreman-client'
import http from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endless, hello, type JobsUnderTest, startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'

const jsonl = { 'content-type': 'application/jsonl' }
const linesOf = (...submissions: object[]): string => submissions.map(one => JSON.stringify(one)).join('\n')
const as = (token: string) => ({ authorization: `Bearer ${token}` })

const submitBatch = async (
  { ask }: JobsUnderTest,
  submissions: object[],
  headers: Record<string, string> = {},
): Promise<Batch & { batch: string }> => {
  const { status, json } = await ask('POST', '/jobs/batch', linesOf(...submissions), { ...jsonl, ...headers })
  expect(status).toBe(202)
  return json as unknown as Batch & { batch: string }
}

const batchOf = async ({ ask }: JobsUnderTest, id: string, headers = {}): Promise<BatchState> =>
  (await ask('GET', `/batches/${id}`, undefined, headers)).json as unknown as BatchState

/** What came of an answer so far, and whether it ended as it should. */
const follow = (url: string, headers = {}) => {
  const seen = { text: '', end: undefined as 'regular' | 'broken' | undefined }
  const request = http.get(url, { headers }, response => {
    response.setEncoding('utf8').on('data', (text: string) => (seen.text += text))
    response.on('close', () => (seen.end = response.complete ? 'regular' : 'broken'))
    response.on('error', () => undefined)
  })
  request.on('error', () => undefined)
  onTestFinished(() => void request.destroy())
  const lines = () =>
    seen.text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Record<string, unknown>)
  return { seen, lines, leave: () => request.destroy() }
}

describe('a batch', () => {
  test('is shown with its counts, and with what is foretold of the job that came last', async () => {
    const jobs = await startJobs({ worker: false })
    const { batch, jobs: submitted } = await submitBatch(jobs, [hello, hello, hello])
    expect(batch).toMatch(/^batch_[0-9a-f]{32}$/)
    expect(await batchOf(jobs, batch)).toEqual({
      id: batch,
      caller: 'default',
      created_at: expect.any(String) as string,
      counts: { queued: 3, running: 0, succeeded: 0, failed: 0, cancelled: 0, total: 3 },
      ended: false,
      last_queued: { id: submitted[2]!.id, position: 2, why: expect.anything() as object },
    })
    jobs.foreman.startWorker()
    await until(async () => (await batchOf(jobs, batch)).ended)
    const { counts, finished_at, last_queued } = await batchOf(jobs, batch)
    expect(counts).toMatchObject({ succeeded: 3, queued: 0, total: 3 })
    expect([Date.parse(finished_at!) > 0, last_queued]).toEqual([true, undefined])
  })

  test('is the same one when it comes again with its key', async () => {
    const jobs = await startJobs({ worker: false })
    const key = { 'idempotency-key': 'k' }
    const { batch } = await submitBatch(jobs, [hello, hello], key)
    const again = await jobs.ask('POST', '/jobs/batch', linesOf(hello, hello), { ...jsonl, ...key })
    expect([again.status, again.json['batch']]).toEqual([200, batch])
    expect((await batchOf(jobs, batch)).counts.total).toBe(2)
  })

  test('of more jobs than are written in one step is one, too', async () => {
    const jobs = await startJobs({ worker: false })
    const { batch } = await submitBatch(jobs, Array(250).fill(hello) as object[])
    expect((await batchOf(jobs, batch)).counts).toMatchObject({ queued: 250, total: 250 })
  })

  test('is cancelled as often as anybody likes', async () => {
    const jobs = await startJobs()
    const { batch, jobs: submitted } = await submitBatch(jobs, [
      endless,
      ...(Array(600).fill(hello) as object[]),
    ])
    await until(async () => (await batchOf(jobs, batch)).counts.running === 1)
    for (const _again of [1, 2]) {
      const { status, json } = await jobs.ask('DELETE', `/batches/${batch}`)
      expect([status, json['cancel_requested']]).toEqual([200, true])
    }
    await until(async () => (await batchOf(jobs, batch)).ended)
    expect((await batchOf(jobs, batch)).counts.cancelled).toBe(601)
    expect((await jobs.ended(submitted[0]!.id)).state).toBe('cancelled')
  })

  test('is listed with the newest first, page by page', async () => {
    const jobs = await startJobs({ worker: false })
    const ids: string[] = []
    for (const _of of [1, 2, 3]) ids.unshift((await submitBatch(jobs, [hello])).batch)
    const page = async (search: string) =>
      (await jobs.ask('GET', `/batches?${search}`)).json as unknown as BatchPage
    const first = await page('limit=2')
    expect([first.batches.map(({ id }) => id), first.has_more]).toEqual([ids.slice(0, 2), true])
    const second = await page(`limit=2&before=${ids[1]}`)
    expect([second.batches.map(({ id }) => id), second.has_more]).toEqual([ids.slice(2), false])
  })

  test.each([
    ['GET', '/batches/batch_0', 404, 'batch_not_found'],
    ['DELETE', '/batches/batch_0', 404, 'batch_not_found'],
    ['GET', '/batches/batch_0/results', 404, 'batch_not_found'],
    ['GET', '/batches?before=batch_0', 404, 'batch_not_found'],
    ['GET', '/batches?limit=0', 422, 'invalid_request'],
    ['GET', '/batches?more=1', 422, 'invalid_request'],
    ['POST', '/batches', 405, 'method_not_allowed'],
    ['GET', '/batches/batch_0/more', 404, 'not_found'],
    ['PATCH', '/batches/batch_0', 405, 'method_not_allowed'],
  ])('%s %s is refused with %i', async (method, path, status, code) => {
    const { ask } = await startJobs({ worker: false })
    const { json } = await ask(method, path)
    expect(json).toMatchObject({ status, code })
  })
})

describe('the results of a batch', () => {
  test('come in the order of the submission, each with its content, and then the answer ends', async () => {
    const jobs = await startJobs()
    const v1 = {
      endpoint: '/v1/chat/completions',
      request: { model: 'plain', messages: [{ role: 'user', content: 'x' }] },
    }
    const metadata = '{"request":{"model":"plain","prompt":"x"},"metadata":{\n"a":1.0}}'
    const body = `[${JSON.stringify(hello)},${JSON.stringify(v1)},${metadata}]`
    const { json } = await jobs.ask('POST', '/jobs/batch', body, { 'content-type': 'application/json' })
    const { batch, jobs: submitted } = json as unknown as { batch: string; jobs: { id: string }[] }
    const { status, headers, text } = await jobs.ask('GET', `/batches/${batch}/results`)
    expect([status, headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    expect(text).toContain('"metadata":{ "a":1.0}')
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ index, id, state }) => [index, id, state])).toEqual(
      submitted.map(({ id }, index) => [index, id, 'succeeded']),
    )
    for (const { index: _index, ...job } of lines)
      expect((await jobs.ask('GET', `/jobs/${String(job['id'])}`)).json).toEqual(job)
  })

  test('go on behind the line that the caller has', async () => {
    const jobs = await startJobs()
    const { batch } = await submitBatch(jobs, [hello, hello, hello])
    const indices = async (search: string) =>
      (await jobs.ask('GET', `/batches/${batch}/results${search}`)).text
        .split('\n')
        .flatMap(line => (line === '' ? [] : [(JSON.parse(line) as { index: number }).index]))
    expect(await indices('?after=0')).toEqual([1, 2])
    expect(await indices('?after=2')).toEqual([])
    expect((await jobs.ask('GET', `/batches/${batch}/results?after=x`)).status).toBe(422)
  })

  test('come while the rest still runs, with blank lines while nothing happens', async () => {
    const jobs = await startJobs({ variables: { FOREMAN_HEARTBEAT: '100ms' } })
    const { batch } = await submitBatch(jobs, [hello, endless, hello])
    const { seen, lines } = follow(`${jobs.foreman.url}/batches/${batch}/results`)
    await until(() => lines().length === 1 && seen.text.includes('\n\n'))
    expect(seen.end).toBeUndefined()
    await jobs.ask('DELETE', `/batches/${batch}`)
    await until(() => seen.end === 'regular')
    expect(lines().map(({ index }) => index)).toEqual([0, 1, 2])
    expect(lines()[1]!['state']).toBe('cancelled')
  })

  test('break off when the gateway stops, so that nobody takes them for all', async () => {
    const jobs = await startJobs()
    const { batch } = await submitBatch(jobs, [hello, endless])
    const { seen, lines } = follow(`${jobs.foreman.url}/batches/${batch}/results`)
    await until(() => lines().length === 1)
    await jobs.foreman.stopGateway()
    await until(() => seen.end === 'broken')
  })
})

test('a batch is its caller’s own; a viewer sees its counts but no content, and an operator everything', async () => {
  const variables = {
    FOREMAN_TOKENS: 'ann:a,bob:b',
    FOREMAN_OPERATOR_TOKEN: 'o',
    FOREMAN_VIEWER_TOKEN: 'v',
  }
  const jobs = await startJobs({ variables })
  const { batch } = await submitBatch(jobs, [hello], as('a'))
  await until(async () => (await batchOf(jobs, batch, as('a'))).ended)
  const results = `/batches/${batch}/results`
  const statuses = async (method: string, path: string) => {
    const answered = []
    for (const token of ['a', 'b', 'v', 'o'])
      answered.push((await jobs.ask(method, path, undefined, as(token))).status)
    return answered
  }
  expect(await statuses('GET', `/batches/${batch}`)).toEqual([200, 404, 200, 200])
  expect(await statuses('GET', results)).toEqual([200, 404, 200, 200])
  expect(await statuses('DELETE', `/batches/${batch}`)).toEqual([200, 404, 403, 200])
  const listed = []
  for (const token of ['a', 'b', 'v', 'o'])
    listed.push(
      ((await jobs.ask('GET', '/batches', undefined, as(token))).json as unknown as BatchPage).batches.length,
    )
  expect(listed).toEqual([1, 0, 1, 1])
  const hasResult = async (token: string) =>
    (await jobs.ask('GET', results, undefined, as(token))).text.includes('"result":')
  expect([await hasResult('a'), await hasResult('v'), await hasResult('o')]).toEqual([true, false, true])
  const { batch: other } = await submitBatch(jobs, [endless], as('a'))
  for (const _again of [1, 2]) await jobs.ask('DELETE', `/batches/${other}`, undefined, as('o'))
  await until(async () => (await batchOf(jobs, other, as('a'))).ended)
  await jobs.ask('DELETE', `/batches/${other}`, undefined, as('o'))
  const written = await jobs.foreman.store.operations.list({ limit: 10 })
  const about = written.map(({ by, action, subject }) => [by, action, subject])
  expect(about).toContainEqual(['operator', 'look', batch])
  expect(about).toContainEqual(['operator', 'cancel', other])
})
