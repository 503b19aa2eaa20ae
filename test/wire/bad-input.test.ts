import { recordings } from '@foreman/ollama-client/testing'
import { startSim } from '@foreman/ollama-sim'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import http from 'node:http'
import net from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Foreman, startForeman, type Variables } from '../harness/foreman.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const start = async (variables: Variables = {}): Promise<Foreman> => {
  const sim = await startSim({})
  onTestFinished(() => sim.close())
  return startForeman({ target: sim.url, variables })
}

const chat = (content: string) =>
  JSON.stringify({ model: 'plain', messages: [{ role: 'user', content }], stream: false })

const jobStates = ({ dbPath }: Foreman): string[] => {
  const db = new Database(dbPath, { readonly: true })
  const states = db.prepare('SELECT state FROM jobs').pluck().all() as string[]
  db.close()
  return states
}

/** Writes bytes on a connection of its own and reads until it closes. */
const raw = (url: string, bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes))
    let text = ''
    socket.on('data', piece => (text += piece.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })

describe('a body that cannot be taken', () => {
  test('too large by one byte is refused, to the byte, and the next is taken', async () => {
    const foreman = await start({ FOREMAN_MAX_BODY: '10KB' })
    const fitting = chat('x'.repeat(10_000 - chat('').length))
    expect(Buffer.byteLength(fitting)).toBe(10_000)
    expect((await send(foreman.url, { path: '/api/chat', body: fitting })).status).toBe(200)
    const { status, body } = await send(foreman.url, { path: '/api/chat', body: `${fitting} ` })
    expect(status).toBe(413)
    expect(JSON.parse(body.toString())).toEqual({ error: expect.stringContaining('10000 bytes') as string })
  })

  test('of 200 MB is refused in a way that its sender can read, with and without its length in front', async () => {
    const foreman = await start()
    const body = Buffer.alloc(200_000_000, 0x20)
    expect((await send(foreman.url, { path: '/api/chat', body })).status).toBe(413)
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = http.request(`${foreman.url}/api/chat`, { method: 'POST', agent: false }, response => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
      request.end(body)
    })
    expect(status).toBe(413)
  })

  test('half sent leaves nothing behind', async () => {
    const foreman = await start()
    const head = 'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"model":"plain"'
    const { hostname, port } = new URL(foreman.url)
    const socket = net.connect(Number(port), hostname)
    await new Promise<void>(resolve => socket.write(head, () => resolve()))
    socket.destroy()
    expect((await send(foreman.url, { path: '/api/chat', body: chat('hi') })).status).toBe(200)
    expect(jobStates(foreman)).toEqual(['succeeded'])
  })

  test('5,000 levels deep is the judgement of the target', async () => {
    const foreman = await start()
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
    const body = `{"model":"plain","messages":[],"stream":false,"x":${deep}}`
    expect((await send(foreman.url, { path: '/api/chat', body })).status).toBe(200)
  })
})

describe('HTTP that is no request for foreman', () => {
  test('CONNECT is refused', async () => {
    const foreman = await start()
    expect(await raw(foreman.url, 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n')).toMatch(
      /^HTTP\/1.1 405 /,
    )
  })

  test('a flood of headers is refused', async () => {
    const foreman = await start()
    const flood = Array.from({ length: 2_000 }, (_, at) => `X-${at}: ${'y'.repeat(50)}\r\n`).join('')
    expect(await raw(foreman.url, `GET / HTTP/1.1\r\nHost: localhost\r\n${flood}\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    )
  })

  test('rubbish is refused', async () => {
    const foreman = await start()
    expect(await raw(foreman.url, 'hello there\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
    expect((await send(foreman.url, { path: '/api/chat', body: chat('hi') })).status).toBe(200)
  })
})

describe('callers', () => {
  test('without the token are refused everywhere but at the health routes', async () => {
    const foreman = await start({ FOREMAN_TOKEN: 'secret' })
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await send(foreman.url, { path, headers, body: chat('hi') })).status
    expect(await status('/api/chat')).toBe(401)
    expect(await status('/api/chat', { authorization: 'Bearer wrong' })).toBe(401)
    expect(await status('/api/embed')).toBe(401)
    expect(await status('/api/chat', { authorization: 'Bearer secret' })).toBe(200)
    expect(await status('/api/chat', { 'x-api-key': 'secret' })).toBe(200)
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    expect(await status('/api/chat', basic('any:secret'))).toBe(200)
    expect(await status('/api/chat', basic('any:wrong'))).toBe(401)
    for (const path of ['/healthz', '/readyz']) {
      expect((await send(foreman.url, { method: 'GET', path })).status).toBe(200)
    }
  })
})

describe('room', () => {
  test('below the free space that must stay, jobs are refused and readiness says so; what runs goes on', async () => {
    const foreman = await start({ FOREMAN_MIN_FREE: '1000000GB' })
    const { status, text } = await post(foreman.url, '/api/chat', { model: 'plain' })
    expect([status, text]).toEqual([507, expect.stringContaining('disk')])
    expect((await send(foreman.url, { method: 'GET', path: '/readyz' })).status).toBe(503)
    expect(await foreman.healthReasons()).toContain('no_room')
  })

  test('above the size that the queue may have, jobs are refused', async () => {
    const foreman = await start({ FOREMAN_MAX_DB_SIZE: '1MB' })
    expect((await send(foreman.url, { path: '/api/chat', body: chat('x'.repeat(2_000_000)) })).status).toBe(
      200,
    )
    await until(async () => (await send(foreman.url, { path: '/api/chat', body: chat('hi') })).status === 507)
  })
})

test('a file that another process holds for ten seconds: a quick refusal, health all the while, and recovery', async () => {
  const sim = await startSim({})
  onTestFinished(() => sim.close())
  // The worker waits for the file with all it does; here it would hold up the gateway in the same process.
  const foreman = await startForeman({ target: sim.url, worker: false })
  const other = new Database(foreman.dbPath)
  onTestFinished(() => void other.close())
  other.exec('BEGIN IMMEDIATE')
  const sentAt = performance.now()
  const { status, headers } = await send(foreman.url, { path: '/api/chat', body: chat('hi') })
  expect([status, headers['retry-after']]).toEqual([503, '1'])
  expect(performance.now() - sentAt).toBeLessThan(1_000)
  expect(await foreman.healthReasons()).toContain('queue_not_writable')
  other.exec('ROLLBACK')
  foreman.startWorker()
  expect((await send(foreman.url, { path: '/api/chat', body: chat('hi') })).status).toBe(200)
})

test(
  'mutated requests never crash anything, get no 5xx that is not the target’s, and leave no job running',
  { timeout: 120_000 },
  async () => {
    const foreman = await start({ FOREMAN_JOB_TIMEOUT: '2s', FOREMAN_MAX_ATTEMPTS: '1' })
    const all = recordings.filter(({ request }) => request.method === 'POST')
    const mutated = fc
      .tuple(
        fc.constantFrom(...all),
        fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'insert')), { maxLength: 4 }),
      )
      .map(([one, edits]) => {
        let bytes = Buffer.from(one.request.body ?? '')
        for (const [at, value, edit] of edits) {
          const where = at % (bytes.length + 1)
          if (edit === 'cut') bytes = bytes.subarray(0, where)
          else if (edit === 'insert')
            bytes = Buffer.concat([bytes.subarray(0, where), Buffer.from([value]), bytes.subarray(where)])
          else if (where < bytes.length) bytes[where] = value
        }
        return { path: one.request.path, body: bytes }
      })
    const runs = process.env['FOREMAN_SOAK'] === '1' ? 10_000 : 1_000
    await fc.assert(
      fc.asyncProperty(mutated, async ({ path, body }) => {
        const { status, body: answer } = await send(foreman.url, { path, body })
        // The target's own 500s say what is wrong with the request; foreman's would say that something else is.
        const isForemans =
          status === 502 || (status >= 500 && /internal error|foreman/.test(answer.toString()))
        expect([isForemans, answer.toString()]).toEqual([false, answer.toString()])
      }),
      { numRuns: runs },
    )
    await until(() => jobStates(foreman).every(state => state !== 'queued' && state !== 'running'))
    expect(await foreman.healthReasons()).toEqual([])
  },
)
