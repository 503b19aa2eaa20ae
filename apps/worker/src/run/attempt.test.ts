import { OllamaClient } from '@foreman/ollama-client'
import { serveRaw } from '@foreman/ollama-client/testing'
import { type Fault, startSim } from '@foreman/ollama-sim'
import type { TestJob } from '@foreman/store/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { claimedJob, jobLogOf, openTempStore, soon } from '../testing/fixtures.ts'
import { runAttempt, StopError } from './attempt.ts'
import type { StopCause } from './ending.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')

interface Differing {
  /** Another target than the simulated one. */
  readonly url?: string
  readonly job?: TestJob
  readonly jobTimeoutMs?: number
  readonly stallMs?: number
  readonly isLoading?: () => Promise<boolean>
}

const LOAD_TIMEOUT_MS = 50

const setUp = async ({
  url,
  job,
  jobTimeoutMs = 60_000,
  stallMs = 60_000,
  isLoading = () => Promise.resolve(false),
}: Differing = {}) => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const store = await openTempStore()
  const claim = await claimedJob(store, job)
  const { controller, log } = jobLogOf(store, claim)
  const client = new OllamaClient({ url: url ?? sim.url })
  const options = {
    client,
    now: () => NOW,
    jobTimeoutMs,
    stallMs,
    loadTimeoutMs: LOAD_TIMEOUT_MS,
    isLoading,
    onBegun: () => undefined,
    stop: controller.signal,
    log,
  }
  const stop = (why: StopCause) => controller.abort(new StopError(why))
  /** What is in the log, and what is to be written with the end of the job. */
  const brought = async () => {
    const { pieces = [] } = (await store.output.read(claim.seq, undefined)) ?? {}
    const [first] = pieces
    const body = [
      ...pieces.flatMap(piece => (piece.kind === 'body' ? [piece.bytes] : [])),
      ...(log.rest?.body ?? []),
    ]
    return {
      head: first?.kind === 'head' ? first.head : log.rest?.head,
      body: Buffer.concat(body).toString(),
    }
  }
  return { sim, store, claim, log, stop, brought, run: () => runAttempt(claim, options) }
}

describe('an attempt', () => {
  test('brings the whole answer, and counts its tokens', async () => {
    const { brought, run } = await setUp()
    expect(await run()).toMatchObject({
      kind: 'answered',
      status: 200,
      completeness: 'whole',
      usage: { completionTokens: 3 },
    })
    expect(await brought()).toMatchObject({
      head: { status: 200 },
      body: expect.stringMatching(/"done":true.*\n$/) as unknown,
    })
  })

  test("brings the target's own error like any answer", async () => {
    const { brought, run } = await setUp({ job: { body: Buffer.from('{"model":"nobody","prompt":"hi"}') } })
    expect(await run()).toMatchObject({ kind: 'answered', status: 404 })
    expect(await brought()).toMatchObject({ head: { status: 404 } })
  })

  test.each<[fault: Fault, ending: object]>([
    [{ kind: 'die' }, { kind: 'broke_off', connected: true }],
    [{ kind: 'refuse' }, { kind: 'broke_off', connected: false, message: 'ECONNREFUSED' }],
    [{ kind: 'no-done' }, { kind: 'answered', completeness: 'cut_short' }],
    [{ kind: 'kill-runner' }, { kind: 'answered', completeness: 'own_error' }],
  ])('with the fault %j ends as %j', async (fault, ending) => {
    const { sim, run } = await setUp()
    sim.fault(fault)
    expect(await run()).toMatchObject(ending)
  })

  test.each(['destroy', 'resetAndDestroy'] as const)(
    'brings an answer that comes before the request is sent, though the target then closes (%s)',
    async how => {
      const target = await serveRaw(socket => {
        socket.pause()
        socket.write('HTTP/1.1 413 No\r\nContent-Length: 5\r\n\r\nearly')
        socket[how]()
      })
      const { brought, run } = await setUp({ url: target, job: { body: Buffer.alloc(8_000_000) } })
      expect(await run()).toMatchObject({ kind: 'answered', status: 413 })
      expect(await brought()).toMatchObject({ head: { status: 413 }, body: 'early' })
    },
  )

  test('waits for the only piece of a transcription, however long after its head it comes', async () => {
    const target = await serveRaw(socket => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n')
      setTimeout(() => socket.end('Hi.'), 200)
    })
    const { run } = await setUp({ url: target, job: { endpoint: '/v1/audio/transcriptions' }, stallMs: 20 })
    expect(await run()).toMatchObject({ kind: 'answered', completeness: 'whole' })
  })

  test('for a route that does not generate is not sent', async () => {
    const { sim, run } = await setUp({ job: { endpoint: '/api/new' } })
    expect(await run()).toEqual({ kind: 'unsendable', message: '/api/new is no route that generates' })
    expect(sim.requests).toEqual([])
  })

  test('with a header that HTTP cannot carry is not sent', async () => {
    const { run } = await setUp({ job: { headers: [['X-Name', 'a\nb']] } })
    expect(await run()).toMatchObject({ kind: 'unsendable' })
  })
})

describe('what a target sends by hand', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n'
  const LAST = 'e\r\n{"done":true}\n\r\n'

  test.each<[what: string, sent: string, ending: object]>([
    ['the whole answer, and no end', HEAD + LAST, { kind: 'answered', completeness: 'whole' }],
    [
      'the whole answer, and no HTTP behind it',
      `${HEAD}${LAST}oh\r\n`,
      { kind: 'answered', completeness: 'whole' },
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', { kind: 'no_http', message: 'HPE_INVALID_CONSTANT' }],
    ['a broken chunk', `${HEAD}oh\r\n`, { kind: 'no_http', message: 'HPE_INVALID_CHUNK_SIZE' }],
    [
      'a busy answer, and no end',
      'HTTP/1.1 503 Busy\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"error":"busy"}\r\n',
      { kind: 'provisional', status: 503, isOllamas: true },
    ],
  ])('%s', async (_what, sent, ending) => {
    const url = await serveRaw(socket => socket.write(sent))
    const { run } = await setUp({ url })
    expect(await run()).toMatchObject(ending)
  })

  test.each([
    ['nothing', ''],
    ['a part of a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['a head', HEAD],
    ['a part of a chunk', `${HEAD}e\r\n{"done"`],
    ['a part of the length of a chunk', `${HEAD}2\r\n{}\r\n1`],
  ])('%s, and then closes the connection, is a broken connection and no broken HTTP', async (_what, sent) => {
    const url = await serveRaw(socket => socket.end(sent))
    const { run } = await setUp({ url })
    expect(await run()).toMatchObject({ kind: 'broke_off', connected: true })
  })
})

describe('a provisional answer', () => {
  const refuse = (body: string): Fault => ({ kind: 'status', status: 503, body, contentType: 'text/plain' })

  test('is returned, and not written', async () => {
    const { sim, brought, run } = await setUp()
    sim.fault(refuse('go away'))
    expect(await run()).toMatchObject({
      kind: 'provisional',
      status: 503,
      isOllamas: false,
      answer: { head: { status: 503 }, body: Buffer.from('go away') },
    })
    expect(await brought()).toEqual({ head: undefined, body: '' })
  })

  test("is known as Ollama's by its error object", async () => {
    const { sim, run } = await setUp()
    sim.fault({ kind: 'status', status: 503, error: 'busy' })
    expect(await run()).toMatchObject({ kind: 'provisional', isOllamas: true })
  })

  test.each<[what: string, headers: Record<string, string>, waitMs: number]>([
    ['nothing', {}, 0],
    ['seconds', { 'Retry-After': '6' }, 6_000],
    ['no wait', { 'Retry-After': '0' }, 0],
    ['what nobody understands', { 'Retry-After': 'soon' }, 0],
    [
      "a date, by the target's clock",
      { 'Retry-After': 'Tue, 01 Jan 2030 01:00:07 GMT', Date: 'Tue, 01 Jan 2030 01:00:00 GMT' },
      7_000,
    ],
    [
      "a date, by foreman's clock where the target's is not known",
      { 'Retry-After': 'Tue, 01 Jan 2030 00:00:08 GMT', Date: 'now' },
      8_000,
    ],
  ])('says how long the target asks to be left alone: %s', async (_what, headers, waitMs) => {
    const { sim, run } = await setUp()
    sim.fault({ kind: 'status', status: 429, error: 'slowly', headers })
    expect(await run()).toMatchObject({ kind: 'provisional', waitMs })
  })

  test('that is long is cut, and loses the header that states its length', async () => {
    const { sim, run } = await setUp()
    sim.fault(refuse('x'.repeat(1024 * 1024 + 1)))
    const ending = await run()
    const answer = ending.kind === 'provisional' ? ending.answer : undefined
    expect(answer?.body.byteLength).toBe(1024 * 1024)
    expect(answer?.head.headers.map(([name]) => name.toLowerCase())).not.toContain('content-length')
  })
})

describe('an attempt is cut off', () => {
  test('when it takes longer than a job may', async () => {
    const { sim, run } = await setUp({ jobTimeoutMs: 50 })
    sim.fault({ kind: 'hang' })
    expect(await run()).toEqual({ kind: 'timed_out', watch: 'job_timeout' })
  })

  test('when the model does not load in time', async () => {
    const { sim, run } = await setUp({ isLoading: () => Promise.resolve(true) })
    sim.fault({ kind: 'hang' })
    expect(await run()).toEqual({ kind: 'timed_out', watch: 'load_timeout' })
    await expect.poll(() => sim.inFlight, soon).toBe(0)
  })

  test('not when the model has loaded: then a non-streaming answer may take its time', async () => {
    const isLoading = vi.fn<() => Promise<boolean>>(() => Promise.resolve(false))
    const { sim, run } = await setUp({ isLoading, jobTimeoutMs: 400 })
    sim.fault({ kind: 'hang' })
    expect(await run()).toEqual({ kind: 'timed_out', watch: 'job_timeout' })
    expect(isLoading.mock.calls.length).toBeGreaterThan(1)
  })

  test('when the target falls silent within its answer', async () => {
    const { sim, log, run } = await setUp({ stallMs: 50 })
    sim.fault({ kind: 'stall' })
    expect(await run()).toEqual({ kind: 'timed_out', watch: 'stall' })
    expect(log.hasOutput).toBe(true)
  })

  test.each<StopCause>(['cancelled', 'shutdown', 'deadline'])('when foreman stops it: %s', async why => {
    const { sim, stop, run } = await setUp()
    sim.fault({ kind: 'hang' })
    const ending = run()
    await expect.poll(() => sim.requests.length, soon).toBe(1)
    stop(why)
    expect(await ending).toEqual({ kind: 'stopped', why })
    await expect.poll(() => sim.inFlight, soon).toBe(0)
  })

  test('before it is sent, when it was stopped before it began', async () => {
    const { sim, stop, run } = await setUp()
    stop('shutdown')
    expect(await run()).toEqual({ kind: 'stopped', why: 'shutdown' })
    expect(sim.requests).toEqual([])
  })

  test('when its claim is lost', async () => {
    const { sim, store, claim, run } = await setUp()
    sim.fault({ kind: 'slow', delayMs: 10 })
    await store.runs.release(
      claim,
      { code: 'worker_stopped', spent: false },
      { now: Date.now(), ttlMs: 1_000 },
    )
    await expect(run()).rejects.toThrow('has lost its claim')
    await expect.poll(() => sim.inFlight, soon).toBe(0)
  })
})
