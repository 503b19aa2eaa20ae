import { describe, expect, test } from 'vitest'
import type { DeliveryConditions } from '../../values.ts'
import { newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, messagesOf, seqsOf, upkeep } from './look.ts'
import { allBacklogs, attemptAt, createOutbox, dueOf, START } from './outbox.ts'

const HOUR_MS = 3_600_000

export const deliveriesContract = (engine: Engine): void => {
  test('a backlog is listed for each host and caller, with the time of its first message', async () => {
    const { store, subscribe, record } = await createOutbox(engine)
    const first = await subscribe('http://b.example:81/x', ['job.queued'], START + 2)
    await subscribe('https://a.example/y', ['job.queued'], START + 1)
    await subscribe('https://a.example/z', ['job.queued'], START)
    await subscribe('http://b.example/x', ['job.queued'], START + 3)
    const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
    for (const caller of ['zoe', 'ann']) await submitJob(store, { webhook, caller }, START + 4)
    await record(first, { kind: 'again', nextAttemptAt: START + 5 })
    const all = [
      { host: 'a.example', caller: 'ann', nextAttemptAt: START + 4, failures: 0 },
      { host: 'a.example', caller: 'default', nextAttemptAt: START, failures: 0 },
      { host: 'a.example', caller: 'zoe', nextAttemptAt: START + 4, failures: 0 },
      { host: 'b.example', caller: 'default', nextAttemptAt: START + 3, failures: 0 },
      { host: 'b.example:81', caller: 'default', nextAttemptAt: START + 5, failures: 1 },
    ]
    const backlogs = (after: (typeof all)[number] | undefined, limit: number) =>
      store.deliveries.backlogs({ after, limit })
    const found = await backlogs(undefined, 9)
    // Their order is the engine's own, but always the same.
    expect(found).toHaveLength(all.length)
    expect(found).toEqual(expect.arrayContaining(all))
    expect(await backlogs(undefined, 2)).toEqual(found.slice(0, 2))
    expect(await backlogs(found[1], 2)).toEqual(found.slice(2, 4))
    expect(await backlogs(found[2], 1)).toEqual(found.slice(3, 4))
    expect(await backlogs(found[4], 9)).toEqual([])
  })

  test('messages are due in the order of their times; of two with the same time, the older comes first', async () => {
    const { store, subscribe, record } = await createOutbox(engine)
    const jobs = []
    for (const n of [0, 1, 2, 3]) jobs.push(await subscribe(`http://a.example/${n}`))
    await record(jobs[0]!, { kind: 'again', nextAttemptAt: START + 50 })
    await record(jobs[1]!, { kind: 'again', nextAttemptAt: START + 20 })
    const due = async (now: number, limit = 9) =>
      (await dueOf(store, now, limit)).map(({ url }) => url.at(-1))
    expect(await due(START)).toEqual(['2', '3'])
    expect(await due(START + 20)).toEqual(['2', '3', '1'])
    expect(await due(START + 50)).toEqual(['2', '3', '1', '0'])
    expect(await due(START + 50, 1)).toEqual(['2'])
  })

  describe('an attempt', () => {
    test('is recorded, and a message that has ended keeps its state', async () => {
      const { store, subscribe, messageOf, record } = await createOutbox(engine)
      const job = await subscribe('http://a.example/')
      await record(job, { kind: 'again', nextAttemptAt: START + 5 })
      expect(await messageOf(job)).toMatchObject({
        state: 'pending',
        failures: 1,
        nextAttemptAt: START + 5,
      })
      await record(job, { kind: 'delivered' }, START + 5, 204)
      const ended = { state: 'delivered', nextAttemptAt: null, finishedAt: START + 5 }
      expect(await messageOf(job)).toMatchObject(ended)
      await record(job, { kind: 'dead' }, START + 6)
      expect(await messageOf(job)).toMatchObject(ended)
      const { seq } = await messageOf(job)
      const attempts = await store.deliveries.attempts([seq])
      expect(attempts).toMatchObject([
        { ...attemptAt(START), deliverySeq: seq },
        { ...attemptAt(START + 5, 204), deliverySeq: seq },
        { ...attemptAt(START + 6), deliverySeq: seq },
      ])
    })

    test('is counted once, by what followed, with the messages that it ended', async () => {
      const { store, subscribe, record } = await createOutbox(engine)
      const counts = async () => {
        const rows = (await store.history.tallies()).filter(({ name }) => name.startsWith('webhook'))
        return Object.fromEntries(rows.map(({ name, labels, value }) => [`${name} ${labels}`, value]))
      }
      const first = await subscribe('http://a.example/')
      await record(first, { kind: 'again', nextAttemptAt: START + 5 })
      await record(first, { kind: 'again', nextAttemptAt: START + 5 })
      expect(await counts()).toEqual({ 'webhook_attempts {"result":"again"}': 1 })
      await record(first, { kind: 'delivered' }, START + 5, 204)
      // It has ended already.
      await record(first, { kind: 'dead' }, START + 6)
      const [second] = [await subscribe('http://b.example/'), await subscribe('http://b.example/')]
      await record(second, { kind: 'gone' }, START + 7, 410)
      await record(await subscribe('http://c.example/'), { kind: 'dead' }, START + 8)
      expect(await counts()).toEqual({
        'webhook_attempts {"result":"again"}': 1,
        'webhook_attempts {"result":"delivered"}': 1,
        'webhook_attempts {"result":"dead"}': 2,
        'webhook_attempts {"result":"gone"}': 1,
        'webhooks_finished {"result":"delivered"}': 1,
        'webhooks_finished {"result":"dead"}': 3,
      })
    })

    test('at a message that was deleted meanwhile leaves it deleted', async () => {
      const { store, subscribe, messageOf, tested } = await createOutbox(engine)
      const job = await subscribe('http://a.example/')
      const delivery = await messageOf(job)
      await store.submissions.cancel(job, ending(START, 0))
      await upkeep(store, START + 73 * HOUR_MS)
      const result = { kind: 'again', nextAttemptAt: START + 5 } as const
      await store.deliveries.record({ delivery, attempt: attemptAt(), result, now: START })
      expect(await tested.counts()).toMatchObject({ deliveries: 0, attempts: 0 })
      expect(await store.deliveries.byId(delivery.id)).toBeUndefined()
    })

    test('at one message is none at another', async () => {
      const { store, subscribe, messageOf, record } = await createOutbox(engine)
      const jobs = await Promise.all(['x', 'y'].map(path => subscribe(`http://a.example/${path}`)))
      await record(jobs[0]!, { kind: 'delivered' })
      await record(jobs[1]!, { kind: 'again', nextAttemptAt: START + 5 })
      const messages = await Promise.all(jobs.map(messageOf))
      expect(messages.map(({ state }) => state)).toEqual(['delivered', 'pending'])
      const attempts = await store.deliveries.attempts(seqsOf(messages))
      expect(attempts.map(({ deliverySeq }) => deliverySeq)).toEqual(seqsOf(messages))
      expect(await store.deliveries.attempts([])).toEqual([])
    })
  })

  test('the messages of a job are read in steps, oldest first', async () => {
    const { store } = await createOutbox(engine)
    const webhook = { url: 'http://a.example/', events: ['job.progress'] } as const
    const { job, claim } = await runningJob(store, { webhook }, START)
    await Promise.all(
      Array.from({ length: 120 }, (_, at) => store.runs.progress(claim, { tokens: at, now: START + at })),
    )
    const steps = await Array.fromAsync(store.deliveries.ofJob(job.seq))
    expect(steps.length).toBeGreaterThan(1)
    const createdAt = steps.flat().map(message => message.createdAt)
    expect(createdAt).toEqual([...Array(120).keys()].map(at => START + at))
    expect(seqsOf(steps.flat())).toEqual(seqsOf(steps.flat()).toSorted((a, b) => a - b))
  })

  test.each(['delivered', 'dead', 'again'] as const)(
    'a message with the result %s can be redelivered',
    async kind => {
      const { store, subscribe, messageOf, record } = await createOutbox(engine)
      const job = await subscribe('http://a.example/')
      await record(job, kind === 'again' ? { kind, nextAttemptAt: START + HOUR_MS } : { kind })
      const { id } = await messageOf(job)
      await store.deliveries.redeliver(await messageOf(job), START + 7)
      expect(await messageOf(job)).toMatchObject({
        id,
        state: 'pending',
        failures: 0,
        nextAttemptAt: START + 7,
        finishedAt: null,
      })
    },
  )

  describe('after the clock was set back', () => {
    const setUp = async () => {
      const { store, subscribe, messageOf, record } = await createOutbox(engine)
      const soon = await subscribe('http://a.example/soon')
      const later = await subscribe('http://a.example/later')
      await record(soon, { kind: 'again', nextAttemptAt: START + 5_000 })
      await record(later, { kind: 'again', nextAttemptAt: START + 10 * HOUR_MS }, START - 2 * HOUR_MS)
      const dueAfter = async (now: number) => {
        await store.deliveries.reschedule(now)
        return [(await messageOf(soon)).nextAttemptAt, (await messageOf(later)).nextAttemptAt]
      }
      return { dueAfter }
    }

    test('a message is due at once if it was scheduled at a time that is yet to come', async () => {
      const { dueAfter } = await setUp()
      const back = START - HOUR_MS
      expect(await dueAfter(back)).toEqual([back, START + 10 * HOUR_MS])
      expect(await dueAfter(back - 2 * HOUR_MS)).toEqual([back - 2 * HOUR_MS, back - 2 * HOUR_MS])
    })

    test('by less than a minute, or not at all, a message waits as before', async () => {
      const { dueAfter } = await setUp()
      const asBefore = [START + 5_000, START + 10 * HOUR_MS]
      expect(await dueAfter(START - 60_000)).toEqual(asBefore)
      expect(await dueAfter(START + HOUR_MS)).toEqual(asBefore)
    })

    test('a new message and one that is sent again are due at once, in steps of 500', async () => {
      const { store, subscribe } = await createOutbox(engine)
      const jobs = await Promise.all(
        Array.from({ length: 600 }, (_, n) => subscribe(`http://a.example/${n}`)),
      )
      const [redelivered] = await messagesOf(store, jobs[0]!)
      await store.deliveries.redeliver(redelivered!, START + HOUR_MS)
      const due = async () => (await dueOf(store, 0, 900)).length
      expect([await store.deliveries.reschedule(0), await due()]).toEqual([500, 500])
      expect([await store.deliveries.reschedule(0), await due()]).toEqual([100, 600])
      expect(await store.deliveries.reschedule(0)).toBe(0)
      expect(await allBacklogs(store)).toMatchObject([{ nextAttemptAt: 0 }])
    })
  })

  describe('the messages of many jobs', () => {
    const createMany = async () => {
      const outbox = await createOutbox(engine)
      const { deliveries } = outbox.store
      return {
        ...outbox,
        listed: async (filter: DeliveryConditions, limit = 9) =>
          (await Array.fromAsync(deliveries.list({ ...filter, limit }))).flat(),
        named: async (filter: DeliveryConditions) => (await Array.fromAsync(deliveries.refs(filter))).flat(),
      }
    }

    /** Four messages: dead, pending, pending of ann, and dead at another host. */
    const filled = async () => {
      const many = await createMany()
      const { store, subscribe, record, messageOf } = many
      const first = await subscribe('http://a.example/', ['job.queued'], START)
      const second = await subscribe('http://a.example/', ['job.queued'], START + 10)
      const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
      const ofAnn = await submitJob(store, { webhook, caller: 'ann' }, START + 20)
      const last = await subscribe('http://b.example:81/', ['job.queued'], START + 30)
      await submitJob(store)
      for (const job of [first, last]) await record(job, { kind: 'dead' })
      const jobs = [first, second, ofAnn, last]
      const messages = await Promise.all(jobs.map(messageOf))
      const places = (seqs: readonly number[]) => seqs.map(seq => seqsOf(messages).indexOf(seq) + 1)
      return { ...many, jobs, messages, places }
    }

    test.each<[filter: DeliveryConditions, places: number[]]>([
      [{}, [4, 3, 2, 1]],
      [{ state: 'dead' }, [4, 1]],
      [{ state: 'delivered' }, []],
      [{ host: 'a.example' }, [3, 2, 1]],
      [{ host: 'b.example:81', state: 'dead' }, [4]],
      [{ caller: 'ann' }, [3]],
      [{ since: START + 10, until: START + 30 }, [3, 2]],
    ])('are listed and named by %j', async (filter, expected) => {
      const { listed, named, places } = await filled()
      expect(places(seqsOf(await listed(filter)))).toEqual(expected)
      expect(places(seqsOf(await named(filter)))).toEqual(expected.toReversed())
    })

    test('are listed between two of them, up to a limit, with their jobs', async () => {
      const { store, listed, named, places, messages, jobs } = await filled()
      const between = { from: messages[1]!.seq, before: messages[3]!.seq }
      expect(places(seqsOf(await listed(between)))).toEqual([3, 2])
      expect(places(seqsOf(await named(between)))).toEqual([2, 3])
      expect(places(seqsOf(await listed({}, 3)))).toEqual([4, 3, 2])
      expect((await listed({}, 1))[0]).toEqual({ ...messages[3]!, jobId: jobs[3]!.id })
      const [first, second] = messages
      expect(await store.deliveries.lookBack(3)).toEqual({ seq: second!.seq, createdAt: START + 10 })
      expect(await store.deliveries.lookBack(4)).toBeUndefined()
      expect(await store.deliveries.lookBack(9, first!.seq)).toBeUndefined()
    })

    test('of jobs that are not accepted yet are none of them', async () => {
      const { store, listed, named, subscribe } = await createMany()
      const { arrivals } = store.submissions
      const arrival = await arrivals.begin(START)
      const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
      await arrivals.add({ arrival, jobs: [newJob({ webhook })], groupKeyOf: () => 'm', now: START })
      expect([await listed({}), await named({})]).toEqual([[], []])
      await subscribe('http://a.example/')
      expect(await listed({})).toHaveLength(1)
    })
  })
}
