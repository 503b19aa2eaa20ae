import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startSim, type Fault, type Sim } from './index.ts'
import { ask, linesOf, type Asked } from './testing/ask.ts'

interface Recorded {
  request: { body: string; path: string }
  response: {
    status: number
    headers: [string, string][]
    chunks: { text: string }[]
    complete: boolean
    cut?: string
  }
}

const recorded = (name: string) => {
  const file = new URL(`../../../test/recordings/ollama-0.24.0/faults/${name}.json`, import.meta.url)
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Recorded
}

const meaningful = (headers: [string, string][]) =>
  headers
    .filter(([name]) => name !== 'Date')
    .map(pair => pair.join(': '))
    .toSorted()
const withoutTimes = (text: string) => text.replaceAll(/"created_at":"[^"]*"/g, '"created_at":"TIME"')

const chat = (fields: object = {}): Asked => ({
  path: '/api/chat',
  body: { model: 'plain', messages: [{ role: 'user', content: 'hi' }], ...fields },
})

let sim: Sim
beforeEach(async () => {
  sim = await startSim()
})
afterEach(() => sim.close())

describe('what was recorded of a real server in trouble happens here too', () => {
  test.each<[name: string, fault: Omit<Fault, 'kind'> & { kind: Fault['kind'] }]>([
    ['runner-killed-mid-stream', { kind: 'kill-runner', afterChunks: 14 }],
    ['runner-killed-no-stream', { kind: 'kill-runner', afterChunks: 14 }],
    ['runner-killed-mid-stream-v1', { kind: 'kill-runner', afterChunks: 0 }],
    ['server-killed-mid-stream', { kind: 'die', afterChunks: 12 }],
  ])('%s', async (name, fault) => {
    const { request, response } = recorded(name)
    sim.fault({ ...fault, count: 1 })
    const answer = await ask(sim, request)
    expect(answer.status).toBe(response.status)
    expect(meaningful(answer.headers)).toEqual(meaningful(response.headers))
    expect(answer.chunks.map(withoutTimes)).toEqual(response.chunks.map(({ text }) => withoutTimes(text)))
    expect(answer.cut).toBe(response.cut)
  })

  test('server-absent', async () => {
    const fault = sim.fault({ kind: 'refuse' })
    await expect(ask(sim, chat())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await fault.lift()
    expect((await ask(sim, chat())).status).toBe(200)
  })

  test('server-busy', async () => {
    const { request, response } = recorded('server-busy')
    await sim.close()
    sim = await startSim({ maxQueue: 0, loadMs: 60_000 })
    const answer = await ask(sim, request)
    expect(answer.status).toBe(response.status)
    expect(meaningful(answer.headers)).toEqual(meaningful(response.headers))
    expect(answer.text).toBe(response.chunks[0]!.text)
  })
})

test('a killed runner has to be loaded again', async () => {
  sim.fault({ kind: 'kill-runner', count: 1 })
  const broken = await ask(sim, chat({ stream: false }))
  expect(broken.status).toBe(500)
  expect((await ask(sim, chat())).status).toBe(200)
  expect(sim.loads).toBe(2)
})

test('reset cuts the connection before an answer', async () => {
  sim.fault({ kind: 'reset', count: 1 })
  await expect(ask(sim, chat())).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect((await ask(sim, chat())).status).toBe(200)
})

test('hang sends not even headers, and lets others be served', async () => {
  sim.fault({ kind: 'hang', count: 1 })
  const leaving = new AbortController()
  const hanging = ask(sim, chat(), { signal: leaving.signal })
  await expect.poll(() => sim.inFlight).toBe(1)
  expect((await ask(sim, chat())).status).toBe(200)
  leaving.abort()
  await expect(hanging).rejects.toThrow('aborted')
  await expect.poll(() => sim.inFlight).toBe(0)
})

test('status answers with an Ollama error object, headers included', async () => {
  sim.fault({ kind: 'status', status: 429, error: 'too fast', headers: { 'Retry-After': '3' }, count: 1 })
  const answer = await ask(sim, chat())
  expect(answer).toMatchObject({ status: 429, text: '{"error":"too fast"}' })
  expect(answer.headers).toContainEqual(['Retry-After', '3'])
})

test('status without a message is the page of a proxy', async () => {
  sim.fault({ kind: 'status', status: 502 })
  const answer = await ask(sim, chat())
  expect(answer.status).toBe(502)
  expect(answer.headers).toContainEqual(['Content-Type', 'text/html'])
  expect(answer.text).toContain('502 Bad Gateway')
})

test('die without a stream leaves nothing of the answer', async () => {
  sim.fault({ kind: 'die' })
  await expect(ask(sim, chat({ stream: false }))).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('bad-line puts one line that is not JSON between the pieces', async () => {
  sim.fault({ kind: 'bad-line', afterChunks: 2 })
  const { chunks } = await ask(sim, chat())
  const broken = chunks.filter(chunk => {
    try {
      JSON.parse(chunk)
      return false
    } catch {
      return true
    }
  })
  expect(broken).toEqual([chunks[2]])
  expect(chunks).toHaveLength(7)
  expect(chunks.at(-1)).toContain('"done":true')
})

test.each([
  [undefined, 5],
  [2, 2],
])('no-done after %s pieces ends the stream cleanly without its last line', async (afterChunks, pieces) => {
  sim.fault({ kind: 'no-done', ...(afterChunks !== undefined && { afterChunks }) })
  const answer = await ask(sim, chat())
  expect(answer.cut).toBeUndefined()
  expect(linesOf(answer).map(({ done }) => done)).toEqual(Array.from({ length: pieces }, () => false))
})

test('stall keeps the connection and the slot until the caller leaves', async () => {
  sim.fault({ kind: 'stall', afterChunks: 3, count: 1 })
  const leaving = new AbortController()
  const chunks: string[] = []
  const stalled = ask(sim, chat(), { signal: leaving.signal, onChunk: chunk => chunks.push(chunk) })
  await expect.poll(() => chunks.length).toBe(3)
  const next = ask(sim, chat())
  leaving.abort()
  await expect(stalled).rejects.toThrow('aborted')
  expect((await next).status).toBe(200)
  expect(chunks).toHaveLength(3)
})

test('slow waits before every piece', async () => {
  sim.fault({ kind: 'slow', delayMs: 20 })
  const startedAt = performance.now()
  expect((await ask(sim, chat())).chunks).toHaveLength(6)
  expect(performance.now() - startedAt).toBeGreaterThan(100)
})

test('a fault is limited to a path, a model and a number of requests', async () => {
  sim.fault({ kind: 'status', error: 'no', path: '/api/chat', model: 'plain', count: 2 })
  const statuses = []
  for (const fields of [{ model: 'json' }, {}, {}, {}]) statuses.push((await ask(sim, chat(fields))).status)
  expect(statuses).toEqual([200, 500, 500, 200])
  expect(sim.faults).toEqual([])
})

describe('over HTTP', () => {
  test('faults are put on, listed and lifted', async () => {
    const control = (method: string, path: string, body?: object) =>
      ask(sim, { method, path, ...(body && { body }) })
    const put = await control('POST', '/sim/faults', { kind: 'status', status: 503, error: 'no' })
    expect(put.status).toBe(201)
    const { id } = JSON.parse(put.text) as { id: number }
    expect((await ask(sim, chat())).status).toBe(503)
    expect(JSON.parse((await control('GET', '/sim/faults')).text)).toMatchObject([{ id, kind: 'status' }])
    await control('DELETE', `/sim/faults/${id}`)
    expect((await ask(sim, chat())).status).toBe(200)
  })

  test('refuse lifts itself, since nobody could reach it to do so', async () => {
    const put = (fault: object) => ask(sim, { path: '/sim/faults', body: fault })
    expect((await put({ kind: 'refuse' })).status).toBe(400)
    // Its own answer may be cut off by it.
    await put({ kind: 'refuse', forMs: 100 }).catch(() => undefined)
    await expect(ask(sim, chat())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect
      .poll(() =>
        ask(sim, chat()).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
  })

  test('what is no fault is refused', async () => {
    for (const body of ['{', '{}', '{"kind":"explode"}']) {
      expect((await ask(sim, { path: '/sim/faults', body })).status).toBe(400)
    }
  })

  test('the state shows loads, residents and what was asked', async () => {
    await ask(sim, chat())
    const { text } = await ask(sim, { method: 'GET', path: '/sim/state' })
    expect(JSON.parse(text)).toMatchObject({
      loads: 1,
      loadsByModel: { plain: 1 },
      resident: ['plain'],
      inFlight: 0,
      queued: 0,
      requests: [{ method: 'POST', path: '/api/chat', model: 'plain' }],
    })
  })
})
