import type { BatchState } from '@foreman/foreman-client'
import { describe, expect, test } from 'vitest'
import { endless, type JobsUnderTest, startJobs } from '../harness/jobs.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const ENDPOINT = '/v1/chat/completions'

interface FileObject {
  readonly id: string
  readonly bytes: number
  readonly filename: string
  readonly expires_at?: number
}

interface BatchObject {
  readonly id: string
  readonly status: string
  readonly input_file_id: string
  readonly output_file_id: string | null
  readonly error_file_id: string | null
  readonly request_counts: object
  readonly errors: { data: object[] } | null
  readonly metadata: object | null
}

interface Line {
  readonly custom_id: string | null
  readonly response: { status_code: number; request_id: string; body: Record<string, unknown> } | null
  readonly error: { code: string; message: string } | null
}

const lineOf = (custom_id: string, more: object = {}, model = 'plain'): string => {
  const body = { model, messages: [{ role: 'user', content: `about ${custom_id}` }], ...more }
  return JSON.stringify({ custom_id, method: 'POST', url: ENDPOINT, body })
}

/** An answer takes minutes. */
const SLOW = { tokensPerSecond: 0.2 }

const form = (fields: Record<string, string>, file?: string, name = 'requests.jsonl'): string =>
  [
    ...Object.entries(fields).map(
      ([field, value]) => `--XX\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
    ),
    file === undefined
      ? ''
      : `--XX\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/jsonl\r\n\r\n${file}\r\n`,
    '--XX--\r\n',
  ].join('')
const FORM = { 'content-type': 'multipart/form-data; boundary=XX' }

const of = ({ ask, foreman }: JobsUnderTest, headers: Record<string, string> = {}) => {
  const post = async (path: string, body: object, more = {}) =>
    ask('POST', path, body, { ...headers, 'content-type': 'application/json', ...more })
  const upload = async (file: string): Promise<FileObject> => {
    const { status, json } = await ask('POST', '/v1/files', form({ purpose: 'batch' }, file), {
      ...FORM,
      ...headers,
    })
    expect([status, json['object']]).toEqual([200, 'file'])
    return json as unknown as FileObject
  }
  const create = (id: string, more: object = {}, moreHeaders = {}) =>
    post(
      '/v1/batches',
      { input_file_id: id, endpoint: ENDPOINT, completion_window: '24h', ...more },
      moreHeaders,
    )
  const batch = async (id: string): Promise<BatchObject> =>
    (await ask('GET', `/v1/batches/${id}`, undefined, headers)).json as unknown as BatchObject
  const made = async (...lines: string[]): Promise<BatchObject> => {
    const { id } = await upload(lines.join('\n'))
    const { status, json } = await create(id)
    expect([status, json['object']]).toEqual([200, 'batch'])
    return json as unknown as BatchObject
  }
  const ended = async (id: string): Promise<BatchObject> => {
    await until(async () => !['in_progress', 'cancelling'].includes((await batch(id)).status))
    return batch(id)
  }
  const content = async (id: string | null): Promise<Line[]> => {
    const answer = await send(foreman.url, { method: 'GET', path: `/v1/files/${id}/content`, headers })
    expect(answer.status).toBe(200)
    const text = answer.body.toString()
    return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as Line]))
  }
  return { post, upload, create, batch, made, ended, content }
}

describe('a file', () => {
  test('is uploaded, listed, read and deleted', async () => {
    const jobs = await startJobs({ worker: false })
    const { ask } = jobs
    const text = `${lineOf('a')}\n`.repeat(5_000)
    const file = await of(jobs).upload(text)
    expect(file).toMatchObject({ bytes: text.length, filename: 'requests.jsonl', purpose: 'batch' })
    expect((await ask('GET', `/v1/files/${file.id}`)).json).toEqual(file)
    expect((await ask('GET', '/v1/files')).json).toMatchObject({ data: [file], has_more: false })
    expect((await ask('GET', '/v1/files?purpose=assistants')).json).toMatchObject({ data: [] })
    expect((await ask('GET', `/v1/files/${file.id}/content`)).text).toBe(text)
    const deleted = await ask('DELETE', `/v1/files/${file.id}`)
    expect(deleted.json).toEqual({ id: file.id, object: 'file', deleted: true })
    expect((await ask('GET', `/v1/files/${file.id}`)).status).toBe(404)
  })

  test.each([
    ['another purpose', form({ purpose: 'assistants' }, 'x'), FORM, 400, /purpose/],
    [
      'another purpose behind the file',
      form({}, 'x').replace('--XX--', '') + form({ purpose: 'vision' }),
      FORM,
      400,
      /batch/,
    ],
    ['no purpose', form({}, 'x'), FORM, 400, /purpose/],
    ['no file', form({ purpose: 'batch' }), FORM, 400, /file is missing/],
    [
      'two files',
      form({}, 'x').replace('--XX--\r\n', '') + form({ purpose: 'batch' }, 'y'),
      FORM,
      400,
      /more than one/,
    ],
    ['no form', '{}', { 'content-type': 'application/json' }, 400, /multipart/],
    [
      'a form that breaks off',
      form({ purpose: 'batch' }, 'x').replace('--XX--\r\n', ''),
      FORM,
      400,
      /breaks off/,
    ],
    ['too much', form({ purpose: 'batch' }, 'x'.repeat(5_000)), FORM, 413, /FOREMAN_MAX_BATCH/],
  ])('is refused with %s, and nothing of it stays', async (_what, body, headers, status, message) => {
    const jobs = await startJobs({ worker: false, variables: { FOREMAN_MAX_BATCH: '4KB' } })
    const answer = await jobs.ask('POST', '/v1/files', body, headers)
    const { error } = answer.json as unknown as { error: { message: string; type: string } }
    expect([answer.status, error.type]).toEqual([status, 'invalid_request_error'])
    expect(error.message).toMatch(message)
    expect(await jobs.foreman.store.files.list({ limit: 10 })).toEqual([])
  })
})

describe('a batch of a file', () => {
  test('runs its lines as jobs of low priority, and renders their answers', async () => {
    const jobs = await startJobs()
    const { made, ended, content } = of(jobs)
    const batch = await made(lineOf('a'), '', lineOf('b'))
    expect(batch.status).toBe('in_progress')
    const end = await ended(batch.id)
    expect(end).toMatchObject({
      status: 'completed',
      request_counts: { total: 2, completed: 2, failed: 0 },
      error_file_id: null,
      completed_at: expect.any(Number) as number,
    })
    const lines = await content(end.output_file_id)
    expect(lines.map(({ custom_id, error }) => [custom_id, error])).toEqual([
      ['a', null],
      ['b', null],
    ])
    const { status_code, request_id, body } = lines[0]!.response!
    expect([status_code, body['object']]).toEqual([200, 'chat.completion'])
    const job = await jobs.ask('GET', `/jobs/${request_id}`)
    expect(job.json).toMatchObject({ priority: 'low', result: body, deadline: expect.any(String) as string })
    expect((await jobs.ask('GET', `/batches/${batch.id}`)).json).toMatchObject({ counts: { succeeded: 2 } })
    const file = await jobs.ask('GET', `/v1/files/${end.output_file_id}`)
    expect(file.json).toMatchObject({ id: end.output_file_id, purpose: 'batch_output' })
    expect((await jobs.ask('DELETE', `/v1/files/${end.output_file_id}`)).status).toBe(400)
  })

  test('has its bad lines in the error file, and runs the others', async () => {
    const jobs = await startJobs()
    const { made, ended, content } = of(jobs)
    const bad: [line: string, code: string][] = [
      ['{"custom_id":', 'invalid_json_line'],
      ['[]', 'invalid_json_line'],
      [lineOf(''), 'invalid_custom_id'],
      [lineOf('good'), 'duplicate_custom_id'],
      [lineOf('get').replace('"POST"', '"GET"'), 'invalid_method'],
      [lineOf('other').replace(ENDPOINT, '/v1/completions'), 'mismatched_url'],
      [lineOf('streams', { stream: true }), 'invalid_request'],
      [lineOf('no model', { model: undefined }), 'invalid_request'],
      [lineOf('unknown', {}, 'nobody'), 'model_not_found'],
      [lineOf('unknown again', {}, 'nobody'), 'model_not_found'],
      [lineOf('no messages', { messages: undefined }), 'target_refuses'],
    ]
    const { id } = await made(lineOf('good'), ...bad.map(([line]) => line), lineOf('last'))
    const end = await ended(id)
    expect(end).toMatchObject({
      status: 'completed',
      request_counts: { total: bad.length + 2, completed: 2, failed: bad.length },
    })
    expect((await content(end.output_file_id)).map(line => line.custom_id)).toEqual(['good', 'last'])
    const errors = await content(end.error_file_id)
    expect(errors.map(({ error }) => error!.code)).toEqual(bad.map(([, code]) => code))
    expect(errors.map(line => line.custom_id)).toContain('unknown again')
  })

  test('of bad lines only has failed, and says why', async () => {
    const { made, batch } = of(await startJobs({ worker: false }))
    const { id } = await made('x', lineOf('a', { stream: true }))
    expect(await batch(id)).toMatchObject({
      status: 'failed',
      errors: {
        data: [
          { code: 'invalid_json_line', line: 1 },
          { code: 'invalid_request', line: 2 },
        ],
      },
      request_counts: { total: 2, completed: 0, failed: 2 },
      output_file_id: null,
    })
  })

  test('has the errors of the target in the error file', async () => {
    const jobs = await startJobs()
    jobs.sim.fault({ kind: 'status', status: 400, error: 'no', path: ENDPOINT, count: 1 })
    const { made, ended, content } = of(jobs)
    const end = await ended((await made(lineOf('a'))).id)
    expect(end).toMatchObject({ status: 'completed', request_counts: { total: 1, completed: 0, failed: 1 } })
    const [line] = await content(end.error_file_id)
    expect(line).toMatchObject({
      custom_id: 'a',
      response: { status_code: 400, body: { error: { message: 'no' } } },
      error: null,
    })
  })

  test('is cancelled in the middle', async () => {
    const jobs = await startJobs({ sim: SLOW })
    const { made, batch, ended, post, content } = of(jobs)
    const { id } = await made(lineOf('first'), lineOf('second'), lineOf('last'))
    const countsOf = async () =>
      ((await jobs.ask('GET', `/batches/${id}`)).json as unknown as BatchState).counts
    await until(async () => (await countsOf()).running === 1)
    const { status, json } = await post(`/v1/batches/${id}/cancel`, {})
    expect([status, json['cancelling_at']]).toEqual([200, expect.any(Number)])
    const end = await ended(id)
    expect(end).toMatchObject({ status: 'cancelled', cancelled_at: expect.any(Number) as number })
    const codes = (await content(end.error_file_id)).map(({ error }) => error?.code)
    expect(codes).toEqual(['batch_cancelled', 'batch_cancelled', 'batch_cancelled'])
    expect((await batch(id)).output_file_id).toBeNull()
  })

  test('expires when its window is over', async () => {
    const jobs = await startJobs({ sim: SLOW })
    const { upload, create, ended, content } = of(jobs)
    const { id } = await upload(lineOf('a'))
    const { json } = await create(id, { completion_window: '1s' })
    const end = await ended(json['id'] as string)
    expect(end.status).toBe('expired')
    expect((await content(end.error_file_id))[0]!.error!.code).toBe('batch_expired')
  })

  test('keeps its metadata, and may have another priority', async () => {
    const jobs = await startJobs({ worker: false })
    const { upload, create, batch } = of(jobs)
    const { id } = await upload(lineOf('a'))
    const { json } = await create(id, { metadata: { of: 'me' } }, { 'x-foreman-priority': 'high' })
    expect(await batch(json['id'] as string)).toMatchObject({ metadata: { of: 'me' }, input_file_id: id })
    const list = (await jobs.ask('GET', '/jobs')).json as unknown as { jobs: { priority: string }[] }
    expect(list.jobs.map(({ priority }) => priority)).toEqual(['high'])
  })

  test.each([
    ['no file', { input_file_id: 'file-0' }, 404, /file-0/],
    ['no file id', { input_file_id: 1 }, 400, /input_file_id/],
    ['embeddings', { endpoint: '/v1/embeddings' }, 400, /not queued/],
    ['another endpoint', { endpoint: '/api/chat' }, 400, /api\/chat/],
    ['no endpoint', { endpoint: undefined }, 400, /endpoint/],
    ['no window', { completion_window: undefined }, 400, /completion_window/],
    ['a window too long', { completion_window: '721h' }, 400, /720h/],
    ['metadata that are no texts', { metadata: { a: 1 } }, 400, /metadata/],
  ])('is refused with %s', async (_what, more, status, message) => {
    const jobs = await startJobs({ worker: false })
    const { upload, create } = of(jobs)
    const { id } = await upload(lineOf('a'))
    const answer = await create(id, more)
    const { error } = answer.json as unknown as { error: { message: string } }
    expect(answer.status).toBe(status)
    expect(error.message).toMatch(message)
    expect(await jobs.foreman.store.batches.list({ limit: 10, withOrigin: false })).toEqual([])
  })

  test.each([
    ['no lines', '\n\n', {}, 400],
    ['too many lines', `x\n`.repeat(10_001), {}, 400],
    ['more jobs than may wait', `${lineOf('a')}\n${lineOf('b')}`, { FOREMAN_MAX_QUEUED_JOBS: '1' }, 413],
  ])('of a file with %s is refused, and nothing of it stays', async (_what, text, variables, status) => {
    const jobs = await startJobs({ worker: false, variables })
    const { upload, create } = of(jobs)
    const { id } = await upload(text)
    expect((await create(id)).status).toBe(status)
    expect((await jobs.ask('GET', '/v1/batches')).json).toMatchObject({ data: [] })
    expect((await jobs.ask('GET', '/jobs')).json).toMatchObject({ jobs: [] })
  })

  test('of 5,000 lines is made within seconds', async () => {
    const jobs = await startJobs({ worker: false })
    const { upload, create, batch } = of(jobs)
    const lines = Array.from({ length: 5_000 }, (_, index) => lineOf(`line ${index}`))
    const begun = performance.now()
    const { id } = await upload(lines.join('\n'))
    const { json } = await create(id)
    expect(performance.now() - begun).toBeLessThan(20_000)
    const made = json['id'] as string
    expect((await batch(made)).request_counts).toEqual({ total: 5_000, completed: 0, failed: 0 })
    await jobs.ask('POST', `/v1/batches/${made}/cancel`)
    expect(await batch(made)).toMatchObject({ status: 'cancelled' })
  })

  test('is none if its caller leaves before it has the answer', async () => {
    const jobs = await startJobs({ worker: false })
    const { upload, create } = of(jobs)
    const lines = Array.from({ length: 3_000 }, (_, index) => lineOf(`line ${index}`))
    const { id } = await upload(lines.join('\n'))
    const leaving = new AbortController()
    const body = JSON.stringify({ input_file_id: id, endpoint: ENDPOINT, completion_window: '24h' })
    const left = send(jobs.foreman.url, { path: '/v1/batches', body, signal: leaving.signal })
    // When this one has been made, the other would have been, too.
    const made = create(id)
    await jobs.ask('GET', '/v1/batches')
    leaving.abort()
    await expect(left).rejects.toThrow(/abort/)
    const { json } = await made
    const list = (await jobs.ask('GET', '/v1/batches')).json as unknown as { data: BatchObject[] }
    expect(list.data.map(batch => batch.id)).toEqual([json['id']])
  })

  test('is listed with the newest first, without those of /jobs/batch', async () => {
    const jobs = await startJobs({ worker: false })
    const { made } = of(jobs)
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) ids.unshift((await made(lineOf(name))).id)
    const json = { 'content-type': 'application/json' }
    const { batch } = (await jobs.ask('POST', '/jobs/batch', [endless], json)).json as unknown as {
      batch: string
    }
    const page = async (search: string) =>
      (await jobs.ask('GET', `/v1/batches?${search}`)).json as unknown as {
        data: BatchObject[]
        has_more: boolean
      }
    const first = await page('limit=2')
    expect([first.data.map(({ id }) => id), first.has_more]).toEqual([ids.slice(0, 2), true])
    const second = await page(`limit=2&after=${ids[1]}`)
    expect([second.data.map(({ id }) => id), second.has_more]).toEqual([ids.slice(2), false])
    expect((await jobs.ask('GET', `/v1/batches/${batch}`)).status).toBe(404)
  })
})

test('files and batches are their callers’ own; viewers see no content, and operators everything', async () => {
  const variables = { FOREMAN_TOKENS: 'ann:a,bob:b', FOREMAN_OPERATOR_TOKEN: 'o', FOREMAN_VIEWER_TOKEN: 'v' }
  const jobs = await startJobs({ variables })
  const as = (token: string) => ({ authorization: `Bearer ${token}` })
  const { upload, create, ended } = of(jobs, as('a'))
  const file = await upload(lineOf('a'))
  const made = await create(file.id, { metadata: { of: 'secret' } })
  const batch = await ended(made.json['id'] as string)
  const statuses = async (method: string, path: string) => {
    const answered = []
    for (const token of ['a', 'b', 'v', 'o'])
      answered.push((await jobs.ask(method, path, undefined, as(token))).status)
    return answered
  }
  const output = `/v1/files/${batch.output_file_id}`
  expect(await statuses('GET', `/v1/batches/${batch.id}`)).toEqual([200, 404, 200, 200])
  expect(await statuses('GET', `/v1/files/${file.id}`)).toEqual([200, 404, 200, 200])
  expect(await statuses('GET', `/v1/files/${file.id}/content`)).toEqual([200, 404, 403, 200])
  expect(await statuses('GET', output)).toEqual([200, 404, 200, 200])
  expect(await statuses('GET', `${output}/content`)).toEqual([200, 404, 403, 200])
  expect(await statuses('POST', `/v1/batches/${batch.id}/cancel`)).toEqual([200, 404, 403, 200])
  expect((await of(jobs, as('b')).create(file.id)).status).toBe(404)
  expect((await of(jobs, as('v')).batch(batch.id)).metadata).toBeNull()
  const listed = async (token: string) => {
    const { json } = await jobs.ask('GET', '/v1/files', undefined, as(token))
    return (json as unknown as { data: FileObject[] }).data.map(({ filename }) => filename)
  }
  expect([await listed('a'), await listed('b'), await listed('v')]).toEqual([
    ['requests.jsonl'],
    [],
    [`${file.id}.jsonl`],
  ])
  expect(await statuses('DELETE', `/v1/files/${file.id}`)).toEqual([200, 404, 403, 404])
})

test.each([
  ['PUT', '/v1/files', 405],
  ['PATCH', '/v1/batches', 405],
  ['GET', '/v1/files/a/b', 404],
  ['GET', '/v1/batches/a/b/c', 404],
])('%s %s is refused here, in the words of OpenAI', async (method, path, status) => {
  const { ask } = await startJobs({ worker: false })
  const answer = await ask(method, path)
  expect([answer.status, Object.keys(answer.json)]).toEqual([status, ['error']])
})
