import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endless, hello, startJobs } from '../harness/jobs.ts'
import { type Answer, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const variables = { FOREMAN_HEARTBEAT: '50ms', FOREMAN_HOLD: '50ms', FOREMAN_SHUTDOWN_GRACE: '20s' }
/** A stop that waited for somebody would take the whole grace period. */
const AT_ONCE_MS = 5_000

/** Reads on while more comes. */
const follow = (url: string, path: string, headers: Record<string, string> = {}) => {
  let text = ''
  const onPiece = (piece: Buffer) => void (text += piece.toString())
  return { answer: send(url, { method: 'GET', path, headers, onPiece }), text: () => text }
}

const heartbeats = (text: string): number => text.match(/"response":"","done":false/g)?.length ?? 0

describe('whoever reads the answer of a job that waits', () => {
  test('has a status and heartbeats, and then the answer; the stored answer has none', async () => {
    const { submit, ask, ended, foreman } = await startJobs({ worker: false, variables })
    const { id } = await submit(hello)
    const following = follow(foreman.url, `/jobs/${id}/stream`)
    await until(() => heartbeats(following.text()) >= 3)
    foreman.startWorker()
    const { status, headers, body, complete } = await following.answer
    expect([status, headers['content-type'], complete]).toEqual([200, 'application/x-ndjson', true])
    expect((await ended(id)).state).toBe('succeeded')
    const { text } = await ask('GET', `/jobs/${id}/stream`)
    expect(heartbeats(text)).toBe(0)
    expect(body.toString().endsWith(text)).toBe(true)
    expect(body.toString().slice(0, -text.length)).toMatch(
      /^(\{"model":"plain".*"response":"","done":false\}\n)+$/,
    )
  })

  test('and is not streamed has spaces before it', async () => {
    const { submit, foreman } = await startJobs({ worker: false, variables })
    const { id } = await submit({ request: { ...hello.request, stream: false } })
    const following = follow(foreman.url, `/jobs/${id}/stream`)
    await until(() => following.text() === '   ')
    foreman.startWorker()
    const { headers, body } = await following.answer
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(JSON.parse(body.toString())).toMatchObject({ done: true })
  })

  test('and is a text has nothing before it', async () => {
    const { foreman } = await startJobs({ worker: false, variables })
    const form = new FormData()
    for (const [name, value] of [
      ['model', 'plain'],
      ['response_format', 'text'],
    ] as const)
      form.set(name, value)
    form.set('file', new Blob(['RIFF']), 's.wav')
    const headers = { Prefer: 'respond-async' }
    const url = `${foreman.url}/v1/audio/transcriptions`
    const { id } = (await (await fetch(url, { method: 'POST', headers, body: form })).json()) as {
      id: string
    }
    const following = follow(foreman.url, `/jobs/${id}/stream`)
    await delay(500)
    expect(following.text()).toBe('')
    foreman.startWorker()
    expect((await following.answer).body.toString()).toMatch(/^Hello/)
  })

  test('is told of its end without an answer, and cut off', async () => {
    const { submit, ask, foreman } = await startJobs({ worker: false, variables })
    const { id } = await submit(hello)
    const following = follow(foreman.url, `/jobs/${id}/stream`)
    await until(() => heartbeats(following.text()) >= 1)
    await ask('DELETE', `/jobs/${id}`)
    const { body, complete } = await following.answer
    expect(complete).toBe(false)
    expect(body.toString().trimEnd().split('\n').at(-1)).toBe(
      `{"error":"job ${id} has ended without an answer that is kept"}`,
    )
  })
})

describe('a gateway that stops', () => {
  test.each<[who: string, path: string, headers: Record<string, string>, end: Partial<Answer>]>([
    ['waits for the end of a job', '', { prefer: 'wait=50' }, { status: 200, complete: true }],
    ['follows its events', '/events', {}, { status: 200, complete: true }],
    ['reads its answer', '/stream', {}, { status: 200, complete: false }],
  ])('keeps nobody who %s', async (_who, path, headers, end) => {
    const { submit, foreman } = await startJobs({ worker: false, variables })
    const { id } = await submit(hello)
    const { answer, text } = follow(foreman.url, `/jobs/${id}${path}`, headers)
    const seen = path === '' ? 0 : 1
    await until(() => text().length >= seen)
    await new Promise(resolve => setTimeout(resolve, 100))
    const stoppedAt = performance.now()
    await foreman.stopGateway()
    expect(performance.now() - stoppedAt).toBeLessThan(AT_ONCE_MS)
    expect(await answer).toMatchObject(end)
  })

  test('keeps a caller that waits for an answer', async () => {
    const { ask, foreman } = await startJobs({ worker: false, variables })
    const waiting = ask('POST', '/api/generate', hello.request)
    await until(async () => (await foreman.store.queue.waitingLines()).length === 1)
    const stopped = foreman.stopGateway()
    foreman.startWorker()
    expect((await waiting).text).toMatch(/"done":true[^\n]*\}\n$/)
    await stopped
  })
})

/** Sends a request, closes its half of the connection, and reads what comes. */
const halfClosed = async (url: string, request: string): Promise<string> => {
  const socket = net.connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.end(request)
  let text = ''
  for await (const piece of socket) text += String(piece)
  return text
}

describe('a caller that closes its half of the connection', () => {
  test('gets its answer on the direct lane, and from /jobs', async () => {
    const { submit, foreman } = await startJobs()
    const { id } = await submit(hello)
    for (const path of ['/api/tags', '/v1/models', '/api/version', `/jobs/${id}`]) {
      const text = await halfClosed(foreman.url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\}/)
    }
    const body = JSON.stringify({ model: 'plain' })
    const show = `POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    expect(await halfClosed(foreman.url, show)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test('has left its job, which is cancelled', async () => {
    const { ask, ended, foreman } = await startJobs({ sim: { tokensPerSecond: 20 } })
    const body = JSON.stringify({ ...endless.request, stream: false })
    const request = `POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    await halfClosed(foreman.url, request)
    const [job] = (await ask('GET', '/jobs')).json['jobs'] as { id: string }[]
    expect((await ended(job!.id)).state).toBe('cancelled')
  })
})
