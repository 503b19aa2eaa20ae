import { serve } from '@foreman/ollama-client/testing'
import { startSim } from '@foreman/ollama-sim'
import { buffer } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman, type Variables } from '../harness/foreman.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const PATH = '/v1/audio/transcriptions'
const LISTS: Readonly<Record<string, string>> = {
  '/api/version': '{"version":"0.24.0"}',
  '/api/tags': '{"models":[]}',
  '/api/ps': '{"models":[]}',
  '/api/show': '{}',
}

/** A form, encoded by Node. */
const encoded = async (fields: Record<string, string>, file = Buffer.from('RIFF')) => {
  const form = new FormData()
  form.set('file', new Blob([file]), 's.wav')
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  const response = new Response(form)
  return {
    headers: { 'content-type': response.headers.get('content-type')! },
    body: Buffer.from(await response.arrayBuffer()),
  }
}

/** foreman before a target that transcribes everything as this. */
const startTranscribing = async (
  answer: { status?: number; contentType: string; body: string },
  variables: Variables = {},
) => {
  const seen: { path: string; contentType: string | undefined; body: Buffer }[] = []
  const target = await serve((request, response) => {
    const { url: path = '', headers } = request
    void buffer(request).then(body => {
      const list = LISTS[path]
      if (list !== undefined) return void response.end(list)
      seen.push({ path, contentType: headers['content-type'], body })
      response.writeHead(answer.status ?? 200, { 'Content-Type': answer.contentType })
      setTimeout(() => response.end(answer.body), 100)
    })
  })
  return { foreman: await startForeman({ target, variables }), seen }
}

describe('a transcription', () => {
  test('waits for its turn like every job', async () => {
    const sim = await startSim({ tokensPerSecond: 20 })
    onTestFinished(() => sim.close())
    const foreman = await startForeman({ target: sim.url })
    const story = { model: 'alpha', prompt: 'go on', options: { num_predict: 10 }, stream: false }
    const first = send(foreman.url, { path: '/api/generate', body: JSON.stringify(story) })
    await until(() => sim.inFlight === 1)
    let most = 0
    const timer = setInterval(() => (most = Math.max(most, sim.inFlight)), 5)
    const { status, headers, body } = await send(foreman.url, {
      path: PATH,
      ...(await encoded({ model: 'plain' })),
    })
    clearInterval(timer)
    expect([status, JSON.parse(body.toString())]).toEqual([200, { text: 'Hello there, friend!' }])
    expect(headers['x-foreman-job-id']).toMatch(/^job_/)
    expect(most).toBe(1)
    expect((await first).status).toBe(200)
  })

  test.each<[contentType: string, body: string, fields: Record<string, string>]>([
    ['application/json', '{"text":"Hi."}\n', {}],
    ['application/x-ndjson', '{"text":"Hi."}\n', {}],
    ['application/x-ndjson', 'Hi.', { response_format: 'text' }],
    ['text/plain', 'Hi.', { response_format: 'text' }],
    ['text/event-stream', 'data: {"type":"transcript.text.done","text":"Hi."}\n\n', { stream: 'true' }],
  ])('goes to the target as it came, and its answer comes back as it is: %s %j', async (...args) => {
    const [contentType, body, fields] = args
    const { foreman, seen } = await startTranscribing({ contentType, body })
    const form = await encoded({ model: 'plain', ...fields }, Buffer.alloc(3_000_000, '\r\n--'))
    const answer = await send(foreman.url, { path: `${PATH}?x=1`, ...form })
    expect(answer).toMatchObject({ status: 200, body: Buffer.from(body), complete: true })
    expect(answer.headers['content-type']).toBe(contentType)
    expect(seen).toEqual([
      { path: `${PATH}?x=1`, contentType: form.headers['content-type'], body: form.body },
    ])
    const path = `/jobs/${String(answer.headers['x-foreman-job-id'])}`
    const job = JSON.parse((await send(foreman.url, { method: 'GET', path })).body.toString()) as object
    expect(job).toMatchObject({ state: 'succeeded', endpoint: PATH, result: { text: 'Hi.' } })
  })

  test('can be submitted, and sent again', async () => {
    const { foreman, seen } = await startTranscribing({ contentType: 'text/plain', body: 'Hi.' })
    const { headers, body } = await encoded({ model: 'plain' })
    const ask = async (path: string, more: object = {}) =>
      JSON.parse((await send(foreman.url, { path, ...more })).body.toString()) as {
        id: string
        result?: unknown
      }
    const waited = (id: string) => ask(`/jobs/${id}`, { method: 'GET', headers: { prefer: 'wait=30' } })
    const { id } = await ask(PATH, { headers: { ...headers, prefer: 'respond-async' }, body })
    expect((await waited(id)).result).toEqual({ text: 'Hi.' })
    const again = await ask(`/jobs/${id}/retry`)
    expect((await waited(again.id)).result).toEqual({ text: 'Hi.' })
    expect(seen.map(each => each.body)).toEqual([body, body])
  })

  test('with a key is replayed, though its form has another boundary', async () => {
    const { foreman, seen } = await startTranscribing({ contentType: 'text/plain', body: 'Hi.' })
    const ask = async (model: string) => {
      const { headers, body } = await encoded({ model })
      return send(foreman.url, { path: PATH, headers: { ...headers, 'idempotency-key': 'k' }, body })
    }
    expect((await ask('plain')).headers['idempotency-replayed']).toBeUndefined()
    expect((await ask('plain')).headers['idempotency-replayed']).toBe('true')
    expect((await ask('other')).status).toBe(422)
    expect(seen).toHaveLength(1)
  })

  test('that is empty has broken off', async () => {
    const { foreman } = await startTranscribing({ contentType: 'application/x-ndjson', body: '' })
    const { status } = await send(foreman.url, { path: PATH, ...(await encoded({ model: 'plain' })) })
    expect(status).toBe(502)
  })

  test.each<[form: string, fields: Record<string, string>, expected: RegExp]>([
    ['JSON', {}, / +\{"text":"Hi\."\}\n$/],
    ['text', { response_format: 'text' }, /^Hi\.$/],
  ])('as %s: whether the caller gets spaces while it waits', async (_, fields, expected) => {
    const body = fields['response_format'] ? 'Hi.' : '{"text":"Hi."}\n'
    const variables = { FOREMAN_HOLD: '20ms', FOREMAN_HEARTBEAT: '20ms' }
    const { foreman } = await startTranscribing({ contentType: 'application/x-ndjson', body }, variables)
    const answer = await send(foreman.url, { path: PATH, ...(await encoded({ model: 'plain', ...fields })) })
    expect(answer.body.toString()).toMatch(expected)
  })

  test.each([
    ['has no model', { x: 'y' }, 'model is required'],
    ['is no form', undefined, 'failed to parse multipart form'],
  ])('that %s is refused, and does not reach the target', async (_, fields, message) => {
    const { foreman, seen } = await startTranscribing({ contentType: 'text/plain', body: 'Hi.' })
    const form = fields ? await encoded(fields) : { body: '{"model":"plain"}' }
    const { status, body } = await send(foreman.url, { path: PATH, ...form })
    expect([status, JSON.parse(body.toString())]).toMatchObject([400, { error: { message } }])
    expect(seen).toEqual([])
  })
})
