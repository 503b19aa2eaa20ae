import type { Store } from '@foreman/store'
import { submitJob, unavailableError } from '@foreman/store/testing'
import type { ServerResponse } from 'node:http'
import { type Logger, pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import type { Reveal, Role, Who } from '../access/roles.ts'
import { Forecaster } from '../forecast/forecaster.ts'
import { runJob } from '../testing/answer.ts'
import { serve } from '../testing/serve.ts'
import { tempStore } from '../testing/temp-store.ts'
import type { Looks } from './looks.ts'
import { JobPresenter } from './presenter.ts'

const HOUR_MS = 3_600_000

const ANN: Who = { caller: 'ann', role: 'caller' }
const BOB: Who = { caller: 'bob', role: 'caller' }
const DEFAULT: Who = { caller: 'default', role: 'caller' }
const VIEWER: Who = { caller: 'viewer', role: 'viewer' }
const OPERATOR: Who = { caller: 'operator', role: 'operator' }

const presenterOf = (
  store: Store,
  {
    reveal = 'on',
    now = 2_000,
    logger = pino({ enabled: false }),
    looks = { note: () => {} },
  }: { reveal?: Reveal; now?: number; logger?: Logger; looks?: Pick<Looks, 'note'> } = {},
) =>
  new JobPresenter({
    store,
    forecaster: new Forecaster(store, () => now),
    reveal,
    looks,
    logger,
    jobTtlMs: HOUR_MS,
    stallMs: 30_000,
    now: () => now,
  })

/** A job that has ended with this answer. */
const endedJob = async (
  store: Store,
  answer: string | Buffer,
  { contentType = 'application/json', metadata = '{}' } = {},
) => {
  const job = await submitJob(store, { path: '/api/generate', endpoint: '/api/generate', metadata })
  await runJob(store, answer, { status: 200, headers: [['Content-Type', contentType]] })
  return job
}

/** What a caller is answered. */
const answerOf = async (
  act: (presenter: JobPresenter, response: ServerResponse) => Promise<void>,
  store: Store,
  options: Parameters<typeof presenterOf>[1] = {},
) => {
  const url = await serve((_request, response) => void act(presenterOf(store, options), response))
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
  test('by its caller, and not by another: to them it is as if it were not there', async () => {
    const store = await tempStore()
    const { id } = await submitJob(store, { caller: 'ann' })
    const presenter = presenterOf(store)
    expect((await presenter.find(id, ANN)).id).toBe(id)
    await expect(presenter.find(id, BOB)).rejects.toMatchObject({ status: 404, code: 'job_not_found' })
  })

  test('by viewers and operators, whosever it is', async () => {
    const store = await tempStore()
    const { id } = await submitJob(store, { caller: 'ann' })
    for (const who of [VIEWER, OPERATOR]) {
      for (const reveal of ['on', 'off'] as const)
        expect((await presenterOf(store, { reveal }).find(id, who)).id).toBe(id)
    }
  })

  test.each([
    ['that was deleted after its time', 2 * HOUR_MS, 410],
    ['whose time is not up', 1_000, 404],
  ])('no more when it is one %s', async (_what, now, status) => {
    // The id begins with the time 500 (UUID version 7).
    const id = `job_0000000001f4${'7'.padEnd(20, '0')}`
    const presenter = presenterOf(await tempStore(), { now })
    await expect(presenter.find(id, ANN)).rejects.toMatchObject({ status })
  })

  test('not by a text that is no id', async () => {
    const presenter = presenterOf(await tempStore())
    await expect(presenter.find('job_x', ANN)).rejects.toMatchObject({ status: 404 })
  })
})

describe('while others keep the queue busy', () => {
  test('a job is found, and shown to whoever submitted it, a moment later', async () => {
    const store = await tempStore()
    const job = await submitJob(store)
    for (const verb of ['byId', 'bySeq', 'ahead'] as const)
      vi.spyOn(store.records, verb).mockRejectedValueOnce(unavailableError())
    expect(await presenterOf(store).find(job.id, DEFAULT)).toMatchObject({ id: job.id })
    const shown = await answerOf((presenter, response) => presenter.show(job.seq, DEFAULT, response), store)
    expect(shown.json).toMatchObject({ id: job.id, position: 0 })
    vi.spyOn(store.records, 'bySeq').mockRejectedValueOnce(unavailableError())
    const accepted = await answerOf(
      (presenter, response) => presenter.accepted(job, DEFAULT, response),
      store,
    )
    expect(accepted.status).toBe(202)
  })

  test('a caller is told so when that goes on', async () => {
    const store = await tempStore()
    vi.spyOn(store.records, 'byId').mockRejectedValue(unavailableError())
    await expect(presenterOf(store).find('job_1', DEFAULT)).rejects.toMatchObject({
      status: 503,
      code: 'queue_busy',
    })
  })
})

describe('what is shown', () => {
  test('of a queued job is its position', async () => {
    const store = await tempStore()
    await submitJob(store)
    const { seq } = await submitJob(store)
    const { json } = await answerOf((presenter, response) => presenter.show(seq, DEFAULT, response), store)
    expect(json).toMatchObject({ state: 'queued', position: 1 })
  })

  test('of a job whose answer nests too deep is why its result is left out', async () => {
    const store = await tempStore()
    const { seq } = await endedJob(store, `${'{"a":'.repeat(6_000)}1${'}'.repeat(6_000)}`)
    const { status, json } = await answerOf(
      (presenter, response) => presenter.show(seq, DEFAULT, response),
      store,
    )
    expect(status).toBe(200)
    expect(json).toMatchObject({ state: 'succeeded', result_omitted: expect.stringContaining('levels') })
    expect(json).not.toHaveProperty('result')
  })

  test('of a job whose answer is too long is why its result is left out', async () => {
    const store = await tempStore()
    const { seq } = await endedJob(store, JSON.stringify({ response: 'x'.repeat(33 * 1024 * 1024) }))
    const { json } = await answerOf((presenter, response) => presenter.show(seq, DEFAULT, response), store)
    expect(json).toMatchObject({ state: 'succeeded', result_omitted: expect.stringContaining('32 MiB') })
  })

  test.each([
    ['is no JSON', '{"a":}'],
    ['is no object', '[1]'],
    ['is not UTF-8', Buffer.from('{"a":"\xff"}', 'latin1')],
  ])('of a job whose answer %s is why there is no result', async (_what, answer) => {
    const store = await tempStore()
    const { seq } = await endedJob(store, answer)
    const { json } = await answerOf((presenter, response) => presenter.show(seq, DEFAULT, response), store)
    expect(json).toMatchObject({ state: 'succeeded', result_omitted: expect.stringContaining('JSON object') })
  })

  const DIGITS = '{ "id": 1234567890123456789, "ratio": 1.0, "huge": 1e400 }'

  test.each([
    ['in one piece', DIGITS, 'application/json'],
    ['as a stream', `{"response":"","tool_calls":[${DIGITS}],"done":true}\n`, 'application/x-ndjson'],
  ])(
    'of a result that came %s, and of metadata, are the digits of numbers',
    async (_what, answer, contentType) => {
      const store = await tempStore()
      const { seq } = await endedJob(store, answer, { contentType, metadata: DIGITS })
      const { text } = await answerOf((presenter, response) => presenter.show(seq, DEFAULT, response), store)
      expect(text.split(DIGITS)).toHaveLength(3)
    },
  )

  test('of a long answer is the result, byte for byte', async () => {
    const store = await tempStore()
    const answer = `{"a":[${'"é€😀", 1.0, '.repeat(200_000)}1]}`
    const { seq } = await endedJob(store, answer)
    const { text, headers } = await answerOf(
      (presenter, response) => presenter.show(seq, DEFAULT, response),
      store,
    )
    expect(text.endsWith(`,"result":${answer}}`)).toBe(true)
    expect(headers.get('content-length')).toBeNull()
  })

  test('of a long stream is the result that its pieces make', async () => {
    const store = await tempStore()
    const line = '{"response":"é€😀","done":true}\n'
    const { seq } = await endedJob(store, line.repeat(50_000), { contentType: 'application/x-ndjson' })
    const { json } = await answerOf((presenter, response) => presenter.show(seq, DEFAULT, response), store)
    const { response } = json['result'] as { response: string }
    expect(response === 'é€😀'.repeat(50_000)).toBe(true)
  })

  test('of a job that has ended is its result', async () => {
    const store = await tempStore()
    const { seq } = await endedJob(store, '{"response":"Hi","done":true}')
    const { json } = await answerOf((presenter, response) => presenter.show(seq, DEFAULT, response), store)
    expect(json).toMatchObject({ state: 'succeeded', result: { response: 'Hi', done: true } })
  })

  test('of a new job is where it is, with 202', async () => {
    const store = await tempStore()
    const job = await submitJob(store)
    const { status, headers, json } = await answerOf(
      (presenter, response) => presenter.accepted(job, DEFAULT, response),
      store,
    )
    expect([status, headers.get('location'), json['id']]).toEqual([202, `/jobs/${job.id}`, job.id])
    expect(headers.get('idempotency-replayed')).toBeNull()
  })

  test('of a job that is replayed is the job as it is now, with 200', async () => {
    const store = await tempStore()
    const job = { ...(await endedJob(store, '{"response":"Hi"}')), isReplayed: true }
    const { status, headers, json } = await answerOf(
      (presenter, response) => presenter.accepted(job, DEFAULT, response),
      store,
    )
    expect([status, headers.get('idempotency-replayed')]).toEqual([200, 'true'])
    expect(json).toMatchObject({ result: { response: 'Hi' } })
  })
})

/** What a logger has written. */
const logLines = () => {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return { lines, logger: pino({ base: null }, { write }) }
}

describe('of a job with content', () => {
  /** An ended job of ann, and what somebody is shown of it. */
  const shownTo = async (who: Who, reveal: Reveal = 'on') => {
    const store = await tempStore()
    const given = { caller: 'ann', path: '/api/generate', endpoint: '/api/generate', metadata: '{"a":1}' }
    const { seq, id } = await submitJob(store, given)
    await runJob(store, '{"response":"Hi","done":true}')
    const { lines, logger } = logLines()
    const note = vi.fn<Looks['note']>()
    const options = { reveal, logger, looks: { note } }
    const { json } = await answerOf(
      (presenter, response) => presenter.show(seq, who, response),
      store,
      options,
    )
    const list = presenterOf(store, options).listed(pagesOf(store), who)
    const listed = (await Array.fromAsync(list))
      .flat()
      .map(text => JSON.parse(text) as Record<string, unknown>)
    const job = await presenterOf(store).find(id, who)
    const mayRead = () => presenterOf(store, options).ensureContentIsSeen(job, who)
    return { id, json, listed: listed[0], lines, mayRead, looks: note.mock.calls }
  }

  const pagesOf = async function* (store: Store) {
    yield* store.records.list({ limit: 10 })
  }

  const CONTENT = { metadata: { a: 1 }, result: { response: 'Hi', done: true } }

  test("its caller sees everything, which is nobody else's business", async () => {
    const { json, listed, mayRead, lines, looks } = await shownTo(ANN)
    expect(json).toMatchObject(CONTENT)
    expect(listed).toMatchObject({ metadata: CONTENT.metadata })
    mayRead()
    expect([lines, looks]).toEqual([[], []])
  })

  test('an operator sees everything, and that is logged and written down', async () => {
    const { id, json, listed, mayRead, lines, looks } = await shownTo(OPERATOR)
    expect(json).toMatchObject(CONTENT)
    expect(listed).toMatchObject({ metadata: CONTENT.metadata })
    mayRead()
    const look = { subject: id, caller: 'ann', by: 'operator', msg: "an operator looks at what is another's" }
    const glance = { jobs: 1, by: 'operator', msg: "an operator looks at the metadata of others' jobs" }
    expect(lines).toMatchObject([look, glance, look])
    expect(looks).toEqual([
      [id, OPERATOR, 'ann'],
      ['jobs', OPERATOR],
      [id, OPERATOR, 'ann'],
    ])
    expect(JSON.stringify(lines)).not.toMatch(/Hi|"a"/)
  })

  test.each<[role: Role, reveal: Reveal, why: string]>([
    ['viewer', 'on', 'FOREMAN_VIEWER_TOKEN'],
    ['viewer', 'off', 'FOREMAN_VIEWER_TOKEN'],
    ['operator', 'off', 'FOREMAN_REVEAL'],
  ])('a %s, with FOREMAN_REVEAL=%s, sees no content, and why', async (role, reveal, why) => {
    const who = role === 'viewer' ? VIEWER : OPERATOR
    const { json, listed, mayRead, lines } = await shownTo(who, reveal)
    expect(json).toMatchObject({ state: 'succeeded', result_omitted: expect.stringContaining(why) as string })
    for (const shown of [json, listed]) {
      expect(shown).toMatchObject({ caller: 'ann', model: 'm' })
      for (const field of Object.keys(CONTENT)) expect(shown).not.toHaveProperty(field)
    }
    expect(listed).not.toHaveProperty('result_omitted')
    expect(mayRead).toThrow(
      expect.objectContaining({
        status: 403,
        code: 'forbidden',
        message: expect.stringContaining(why) as string,
      }),
    )
    expect(lines).toEqual([])
  })
})
