import { isEndState } from '@foreman/jobs'
import { type Sim, startSim } from '@foreman/ollama-sim'
import { listJobs } from '@foreman/store/testing'
import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Foreman, startForeman } from '../harness/foreman.ts'
import { type Receiver, startReceiver, webhookVariables } from '../harness/receiver.ts'
import { type Answer, send } from '../harness/request.ts'
import { type StoreFault, StoreFaults } from '../harness/store-faults.ts'
import { until } from '../harness/until.ts'

/** Of the calls of one verb, so many fail, one in each life. */
const CALLS_PER_VERB = process.env['FOREMAN_SOAK'] === '1' ? 2 : 1
/** What changes a job fails in every life. Other verbs fail in the first life that calls them. */
const CHANGES = /^(submissions|runs|queue\.claim|deliveries\.record)/
/** Lives that take half a second or more: here only what has failed in no other life. */
const SLOW = new Set(['a job that is tried twice', 'a job that outlives its worker'])
const EVENTS = ['job.queued', 'job.started', 'job.retrying', 'job.succeeded', 'job.failed', 'job.cancelled']

interface Setting {
  readonly foreman: Foreman
  readonly sim: Sim
  readonly receiver: Receiver
}

/** Something that a caller does, from its beginning to its end. It throws when the caller gets what it must not get. */
type Life = (setting: Setting) => Promise<void>

const json = (value: unknown): string => JSON.stringify(value)

/** A caller that is told to come again later does so. */
const ask = async (
  { foreman }: Setting,
  method: string,
  path: string,
  { body, headers = {} }: { body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> => {
  for (;;) {
    const answer = await send(foreman.url, { method, path, headers, body })
    if (answer.status !== 503) return answer
    const { error } = JSON.parse(answer.body.toString()) as { error?: unknown }
    expect(error ?? answer.headers['content-type']).toBeTruthy()
    expect(answer.headers['retry-after']).toBeDefined()
  }
}

const textIn = ({ body }: Answer): string =>
  body
    .toString()
    .trim()
    .split('\n')
    .map(line => (JSON.parse(line) as { message?: { content: string } }).message?.content ?? '')
    .join('')

const hello = (stream: boolean) =>
  json({ model: 'plain', messages: [{ role: 'user', content: 'hi' }], stream })

const submit = async (setting: Setting, request: object, webhook = true): Promise<string> => {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const body = json({
    request,
    ...(webhook && { webhook: { url: setting.receiver.url, events: EVENTS } }),
  })
  const answer = await ask(setting, 'POST', '/jobs', { body, headers })
  expect([200, 202]).toContain(answer.status)
  return (JSON.parse(answer.body.toString()) as { id: string }).id
}

const stateOf = async (setting: Setting, id: string): Promise<string> => {
  const answer = await ask(setting, 'GET', `/jobs/${id}`)
  expect(answer.status).toBe(200)
  return (JSON.parse(answer.body.toString()) as { state: string }).state
}

const endless = { model: 'alpha', prompt: 'go on', options: { num_predict: 1_000_000 } }

const lives: Record<string, Life> = {
  'a caller that reads its answer piece by piece': async setting => {
    const answer = await ask(setting, 'POST', '/api/chat', { body: hello(true) })
    expect([answer.status, answer.complete]).toEqual([200, true])
    expect(textIn(answer)).not.toBe('')
  },

  'a caller that waits for the whole answer': async setting => {
    const answer = await ask(setting, 'POST', '/api/chat', { body: hello(false) })
    expect([answer.status, answer.complete]).toEqual([200, true])
    expect(textIn(answer)).not.toBe('')
  },

  'a caller with a long request': async setting => {
    const content = 'x'.repeat(600_000)
    const body = json({ model: 'plain', messages: [{ role: 'user', content }], stream: false })
    const answer = await ask(setting, 'POST', '/api/chat', { body })
    expect([answer.status, answer.complete]).toEqual([200, true])
  },

  'a caller that leaves': async ({ foreman }) => {
    const left = new AbortController()
    const body = json({ ...endless, stream: true })
    const gone = send(foreman.url, {
      path: '/api/generate',
      body,
      signal: left.signal,
      onPiece: () => left.abort(),
    })
    await gone.catch(() => undefined)
  },

  'a job with a webhook that is followed': async setting => {
    const id = await submit(setting, JSON.parse(hello(false)) as object)
    const events = await ask(setting, 'GET', `/jobs/${id}/events`)
    expect(events.body.toString()).toContain('event: succeeded')
    expect(await stateOf(setting, id)).toBe('succeeded')
    const raw = await ask(setting, 'GET', `/jobs/${id}/stream`)
    expect([raw.status, raw.complete]).toEqual([200, true])
    for (const path of ['/jobs', `/jobs/${id}/deliveries`]) {
      const answer = await ask(setting, 'GET', path)
      expect(JSON.parse(answer.body.toString())).toBeTypeOf('object')
    }
  },

  'a job that is cancelled while it runs': async setting => {
    const id = await submit(setting, endless)
    await until(async () => (await stateOf(setting, id)) === 'running')
    expect((await ask(setting, 'DELETE', `/jobs/${id}`)).status).toBe(200)
    await until(async () => (await stateOf(setting, id)) === 'cancelled')
  },

  'a job that is tried twice': async setting => {
    setting.sim.fault({ kind: 'status', status: 503, error: 'busy', path: '/api/chat', count: 1 })
    const id = await submit(setting, JSON.parse(hello(false)) as object)
    await until(async () => (await stateOf(setting, id)) === 'succeeded')
  },

  'a job that outlives its worker': async setting => {
    const id = await submit(setting, { ...endless, stream: false }, false)
    await until(async () => (await stateOf(setting, id)) === 'running')
    await setting.foreman.stopWorker()
    setting.foreman.startWorker()
    await until(async () => (await stateOf(setting, id)) === 'running')
    expect((await ask(setting, 'DELETE', `/jobs/${id}`)).status).toBe(200)
    await until(async () => (await stateOf(setting, id)) === 'cancelled')
  },
}

/** Every job has ended, with one end event, and every message reached its receiver once. */
const ensureSettled = async ({ foreman: { store }, receiver }: Setting, since: number): Promise<void> => {
  const own = async () => (await listJobs(store)).filter(({ seq }) => seq > since)
  await until(async () => (await own()).every(({ state }) => isEndState(state)))
  for (const { seq, id } of await own()) {
    const ends: string[] = []
    for (let after = 0; ;) {
      const entries = await store.records.log(seq, after)
      for (const entry of entries)
        if (entry.kind === 'event' && isEndState(entry.event.type)) ends.push(entry.event.type)
      if (entries.length === 0) break
      after = entries.at(-1)!.id
    }
    expect(ends).toHaveLength(1)
    const written: string[] = []
    const pending = async () => {
      written.length = 0
      let isPending = false
      for await (const step of store.deliveries.ofJob(seq)) {
        written.push(...step.map(delivery => delivery.id))
        isPending ||= step.some(({ state }) => state === 'pending')
      }
      return isPending
    }
    await until(async () => !(await pending()))
    const got = receiver.received.filter(({ data }) => data.job.id === id)
    expect(got.map(message => message.id).toSorted()).toEqual(written.toSorted())
  }
}

const startSetting = async () => {
  const faults = new StoreFaults()
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const receiver = await startReceiver()
  const foreman = await startForeman({ target: sim.url, variables: webhookVariables, openStore: faults.open })
  return { faults, setting: { foreman, sim, receiver } }
}

const lastSeq = async ({ foreman }: Setting): Promise<number> =>
  (await listJobs(foreman.store, { limit: 1 }))[0]?.seq ?? 0

const covered = new Set<string>()

/** A life for each call of each verb that may fail: the longest take twenty seconds on two quiet cores. */
const TIMEOUT_MS = 120_000

describe.each(Object.entries(lives))('%s, and a store that is not available once', (name, live) => {
  test(
    'get an answer or a clear error, each job ends once, and each webhook arrives once',
    { timeout: TIMEOUT_MS },
    async () => {
      const { faults, setting } = await startSetting()
      faults.disarm()
      await live(setting)
      await ensureSettled(setting, 0)
      const planned: StoreFault[] = [...faults.calls.values()]
        .flatMap(({ role, verb, count }) =>
          Array.from({ length: Math.min(count, CALLS_PER_VERB) }, (_, at) => at + 1).flatMap(call =>
            (['before', 'after'] as const).map(when => ({ role, verb, call, when })),
          ),
        )
        .filter(fault => !covered.has(json(fault)) || (CHANGES.test(fault.verb) && !SLOW.has(name)))
      expect(planned.length).toBeGreaterThan(5)
      let struck = 0
      for (const fault of planned) {
        const since = await lastSeq(setting)
        setting.receiver.received.length = 0
        faults.arm(fault)
        try {
          await live(setting)
          await ensureSettled(setting, since)
        } catch (cause) {
          throw new Error(`${json(fault)}${faults.hasStruck ? '' : ' (it has not struck)'}`, { cause })
        }
        if (!faults.hasStruck) continue
        struck += 1
        covered.add(json(fault))
      }
      // Some verbs are called now and then, such as heartbeats.
      expect(struck).toBeGreaterThan(planned.length / 3)
    },
  )
})
