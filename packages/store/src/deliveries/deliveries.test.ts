import type { WebhookEvent } from '@foreman/jobs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../open-store.ts'
import type { JobRef } from '../submissions/new-job.ts'
import { HOUR_MS, newJob, tempDirectory } from '../testing/temp-store.ts'

const START = 1_000_000
const attempt = { at: START, durationMs: 1, status: 500, error: null, response: 'no' }

const openOutbox = () => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const store = openStore(file, {
    busyTimeoutMs: 5,
    compose: ({ event, at, job }) => `${event} ${at} ${job.state}`,
  })
  onTestFinished(() => store.close())
  const subscribe = (url: string, events: readonly WebhookEvent[] = ['job.queued'], now = START): JobRef =>
    store.submissions.enqueue(newJob({ webhook: { url, events } }), now)
  const messageOf = ({ seq }: JobRef) => store.deliveries.ofJob(seq)[0]!
  return { store, subscribe, messageOf }
}

describe('a message', () => {
  test('is written for each change that the webhook reports, and shows the job after the change', () => {
    const { store, subscribe } = openOutbox()
    const job = subscribe('http://a.example/', ['job.queued', 'job.started', 'job.retrying', 'job.failed'])
    const first = store.queue.claimNext('m', 'first', START, START + 1)!
    store.runs.release(first, { code: 'stall', spent: true }, START + 2, HOUR_MS)
    const second = store.queue.claimNext('m', 'first', START, START + 3)!
    store.runs.finish(second, { state: 'failed', answerAttempt: null }, START + 4, HOUR_MS)
    const [backlog] = store.deliveries.backlogs(undefined, 9)
    expect(store.deliveries.due(backlog!, START + 9, 9).map(({ body }) => body)).toEqual([
      `job.queued ${START} queued`,
      `job.started ${START + 1} running`,
      `job.retrying ${START + 2} queued`,
      `job.started ${START + 3} running`,
      `job.failed ${START + 4} failed`,
    ])
    expect(new Set(store.deliveries.ofJob(job.seq).map(({ id }) => id)).size).toBe(5)
  })

  test('is rolled back with its change', () => {
    const { store, subscribe } = openOutbox()
    const undone = () =>
      store.atOnce('full', () => {
        subscribe('http://a.example/')
        throw new Error('undone')
      })
    expect(undone).toThrow('undone')
    expect(store.deliveries.backlogs(undefined, 9)).toEqual([])
  })

  test('is not written for a job without a webhook, nor for an event that the webhook does not name', () => {
    const { store, subscribe } = openOutbox()
    store.submissions.enqueue(newJob({ metadata: '{"a":1}' }), START)
    subscribe('http://a.example/', ['job.failed'])
    expect(store.deliveries.backlogs(undefined, 9)).toEqual([])
  })

  test('is never left out: a store that cannot write it refuses the change', () => {
    const store = openStore(path.join(tempDirectory(), 'foreman.db'), { busyTimeoutMs: 5 })
    onTestFinished(() => store.close())
    const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
    expect(() => store.submissions.enqueue(newJob({ webhook }), START)).toThrow(/opened without `compose`/)
    expect(store.records.list({ limit: 1 })).toEqual([])
  })
})

test.each([
  ['in few pieces', 10, 1_000, '10 bytes'],
  ['of more bytes than the message can show, its head included', 1_000, 1_000, 'no answer'],
  ['in so many pieces that reading them takes long', 20_001, 1_000_000, 'no answer'],
])('a message can read an answer %s: %i bytes of at most %i', (_what, pieces, maxBytes, expected) => {
  const store = openStore(path.join(tempDirectory(), 'foreman.db'), {
    busyTimeoutMs: 5,
    compose: ({ answer }) => {
      const body = answer(maxBytes)?.body
      return body ? `${Buffer.concat(body).byteLength} bytes` : 'no answer'
    },
  })
  onTestFinished(() => store.close())
  const webhook = { url: 'http://a.example/', events: ['job.succeeded'] } as const
  store.submissions.enqueue(newJob({ webhook }), START)
  const claim = store.queue.claimNext('m', 'first', START, START)!
  store.runs.append(claim, { head: { status: 200, headers: [] } })
  store.atOnce('normal', () => {
    for (let at = 0; at < pieces; at++) store.runs.append(claim, { body: Buffer.from('x') })
  })
  store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, START, HOUR_MS)
  expect(
    store.deliveries.due({ host: 'a.example', caller: 'default' }, START, 1).map(({ body }) => body),
  ).toEqual([expected])
})

test('a backlog is listed for each host and caller, with the time of its first message', () => {
  const { store, subscribe, messageOf } = openOutbox()
  const first = subscribe('http://b.example:81/x', ['job.queued'], START + 2)
  subscribe('https://a.example/y', ['job.queued'], START + 1)
  subscribe('https://a.example/z', ['job.queued'], START)
  subscribe('http://b.example/x', ['job.queued'], START + 3)
  const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
  for (const caller of ['zoe', 'ann']) store.submissions.enqueue(newJob({ webhook, caller }), START + 4)
  store.deliveries.record(messageOf(first), attempt, { kind: 'again', nextAttemptAt: START + 5 }, START)
  const all = [
    { host: 'a.example', caller: 'ann', nextAttemptAt: START + 4, failures: 0 },
    { host: 'a.example', caller: 'default', nextAttemptAt: START, failures: 0 },
    { host: 'a.example', caller: 'zoe', nextAttemptAt: START + 4, failures: 0 },
    { host: 'b.example', caller: 'default', nextAttemptAt: START + 3, failures: 0 },
    { host: 'b.example:81', caller: 'default', nextAttemptAt: START + 5, failures: 1 },
  ]
  expect(store.deliveries.backlogs(undefined, 9)).toEqual(all)
  expect(store.deliveries.backlogs(undefined, 2)).toEqual(all.slice(0, 2))
  expect(store.deliveries.backlogs(all[1], 2)).toEqual(all.slice(2, 4))
  expect(store.deliveries.backlogs(all[2], 1)).toEqual(all.slice(3, 4))
  expect(store.deliveries.backlogs(all[4], 9)).toEqual([])
})

test('messages are due in the order of their times; of two with the same time, the older comes first', () => {
  const { store, subscribe, messageOf } = openOutbox()
  const jobs = [0, 1, 2, 3].map(n => subscribe(`http://a.example/${n}`))
  store.deliveries.record(messageOf(jobs[0]!), attempt, { kind: 'again', nextAttemptAt: START + 50 }, START)
  store.deliveries.record(messageOf(jobs[1]!), attempt, { kind: 'again', nextAttemptAt: START + 20 }, START)
  const due = (now: number, limit = 9) =>
    store.deliveries.due({ host: 'a.example', caller: 'default' }, now, limit).map(({ url }) => url.at(-1))
  expect(due(START)).toEqual(['2', '3'])
  expect(due(START + 20)).toEqual(['2', '3', '1'])
  expect(due(START + 50)).toEqual(['2', '3', '1', '0'])
  expect(due(START + 50, 1)).toEqual(['2'])
})

test('an attempt is recorded, and a delivery that has ended keeps its state', () => {
  const { store, subscribe, messageOf } = openOutbox()
  const job = subscribe('http://a.example/')
  store.deliveries.record(messageOf(job), attempt, { kind: 'again', nextAttemptAt: START + 5 }, START)
  expect(messageOf(job)).toMatchObject({ state: 'pending', failures: 1, nextAttemptAt: START + 5 })
  store.deliveries.record(messageOf(job), { ...attempt, status: 204 }, { kind: 'delivered' }, START + 5)
  const ended = { state: 'delivered', nextAttemptAt: null, finishedAt: START + 5 }
  expect(messageOf(job)).toMatchObject(ended)
  store.deliveries.record(messageOf(job), attempt, { kind: 'dead' }, START + 6)
  expect(messageOf(job)).toMatchObject(ended)
  const { seq } = messageOf(job)
  expect(store.deliveries.attempts([seq]).map(({ status }) => status)).toEqual([500, 204, 500])
})

test('the messages of a job are read in steps, oldest first', () => {
  const { store } = openOutbox()
  const webhook = { url: 'http://a.example/', events: ['job.progress'] } as const
  const job = store.submissions.enqueue(newJob({ webhook }), START)
  const claim = store.queue.claimNext('m', 'first', START, START)!
  for (let at = 0; at < 120; at++) store.runs.progress(claim, at, START)
  const steps = [...store.deliveries.ofJobInSteps(job.seq)]
  expect(steps.map(step => step.length)).toEqual([50, 50, 20, 0])
  expect(steps.flat()).toEqual(store.deliveries.ofJob(job.seq))
  expect(steps.flat().map(({ seq }) => seq)).toEqual([...Array(120).keys()].map(at => at + 1))
})

test('a receiver that is gone gets no messages of earlier jobs, and all messages of later ones', () => {
  const { store, subscribe, messageOf } = openOutbox()
  const url = 'http://a.example/'
  const before = subscribe(url, ['job.queued', 'job.cancelled'])
  const waiting = subscribe(url)
  const elsewhere = subscribe('http://a.example/other')
  store.deliveries.record(messageOf(before), attempt, { kind: 'gone' }, START + 1)
  expect([before, waiting, elsewhere].map(job => messageOf(job).state)).toEqual(['dead', 'dead', 'pending'])
  store.submissions.cancel(before, START + 2, HOUR_MS)
  expect(store.deliveries.ofJob(before.seq)).toHaveLength(1)
  expect(messageOf(subscribe(url, ['job.queued'], START + 2)).state).toBe('pending')
})

test('a receiver that is gone for one caller gets the messages of the others', () => {
  const { store, messageOf } = openOutbox()
  const webhook = { url: 'http://a.example/', events: ['job.queued', 'job.cancelled'] } as const
  const [ofAnn, ofZoe] = ['ann', 'zoe'].map(caller =>
    store.submissions.enqueue(newJob({ webhook, caller }), START),
  )
  store.deliveries.record(messageOf(ofAnn!), attempt, { kind: 'gone' }, START + 1)
  expect([ofAnn!, ofZoe!].map(job => messageOf(job).state)).toEqual(['dead', 'pending'])
  for (const job of [ofAnn!, ofZoe!]) store.submissions.cancel(job, START + 2, HOUR_MS)
  expect([ofAnn!, ofZoe!].map(({ seq }) => store.deliveries.ofJob(seq).length)).toEqual([1, 2])
})

test('a receiver that is gone gets all messages of later jobs, also after the clock was set back', () => {
  const { store, subscribe, messageOf } = openOutbox()
  const url = 'http://a.example/'
  const before = subscribe(url, ['job.queued', 'job.cancelled'], START + HOUR_MS)
  store.deliveries.record(messageOf(before), attempt, { kind: 'gone' }, START + HOUR_MS)
  expect(messageOf(subscribe(url)).state).toBe('pending')
  store.submissions.cancel(before, START, HOUR_MS)
  expect(store.deliveries.ofJob(before.seq)).toHaveLength(1)
})

describe('after the clock was set back', () => {
  const setUp = () => {
    const outbox = openOutbox()
    const { store, subscribe, messageOf } = outbox
    const soon = subscribe('http://a.example/soon')
    const later = subscribe('http://a.example/later')
    const again = (nextAttemptAt: number) => ({ kind: 'again', nextAttemptAt }) as const
    store.deliveries.record(messageOf(soon), attempt, again(START + 5_000), START)
    store.deliveries.record(messageOf(later), attempt, again(START + 10 * HOUR_MS), START - 2 * HOUR_MS)
    const dueAfter = (now: number) => {
      store.deliveries.reschedule(now)
      return [soon, later].map(job => messageOf(job).nextAttemptAt)
    }
    return { ...outbox, dueAfter }
  }

  test('a message is due at once if it was scheduled at a time that is yet to come', () => {
    const { dueAfter } = setUp()
    const back = START - HOUR_MS
    expect(dueAfter(back)).toEqual([back, START + 10 * HOUR_MS])
    expect(dueAfter(back - 2 * HOUR_MS)).toEqual([back - 2 * HOUR_MS, back - 2 * HOUR_MS])
  })

  test('by less than a minute, a message waits for its time', () => {
    const { dueAfter } = setUp()
    const asBefore = [START + 5_000, START + 10 * HOUR_MS]
    expect(dueAfter(START - 60_000)).toEqual(asBefore)
    expect(dueAfter(START + HOUR_MS)).toEqual(asBefore)
  })

  test('a new message and one that is sent again are due at once, in steps of 500', () => {
    const { store, subscribe } = openOutbox()
    for (let n = 0; n < 600; n++) subscribe(`http://a.example/${n}`)
    const due = () => store.deliveries.due({ host: 'a.example', caller: 'default' }, 0, 900).length
    expect([store.deliveries.reschedule(0), due()]).toEqual([{ more: true }, 500])
    expect([store.deliveries.reschedule(0), due()]).toEqual([{ more: false }, 600])
    expect(store.deliveries.reschedule(0)).toEqual({ more: false })
  })
})

test.each(['delivered', 'dead', 'again'] as const)(
  'a message with the result %s can be redelivered',
  kind => {
    const { store, subscribe, messageOf } = openOutbox()
    const job = subscribe('http://a.example/')
    const result = kind === 'again' ? { kind, nextAttemptAt: START + HOUR_MS } : { kind }
    store.deliveries.record(messageOf(job), attempt, result, START)
    const { id } = messageOf(job)
    store.deliveries.redeliver(messageOf(job), START + 7)
    expect(messageOf(job)).toMatchObject({ id, state: 'pending', failures: 0, nextAttemptAt: START + 7 })
  },
)

test('a job is deleted with its messages, but only when they have ended or are too old', () => {
  const { store, subscribe, messageOf } = openOutbox()
  const url = 'http://a.example/'
  const jobs = [subscribe(url), subscribe(url)]
  for (const job of jobs) store.submissions.cancel(job, START, HOUR_MS)
  store.deliveries.record(messageOf(jobs[0]!), attempt, { kind: 'dead' }, START)
  const left = () => store.records.list({ limit: 9 }).map(({ seq }) => seq)
  expect(store.housekeeping.pruneExpired(START + 2 * HOUR_MS)).toEqual({ more: false, pruned: 1 })
  expect(left()).toEqual([jobs[1]!.seq])
  expect(store.records.bySeq(jobs[1]!.seq)?.expiresAt).toBe(START + 3 * HOUR_MS)
  store.housekeeping.pruneExpired(START + 73 * HOUR_MS)
  expect(left()).toEqual([])
  expect(store.deliveries.backlogs(undefined, 9)).toEqual([])
})
