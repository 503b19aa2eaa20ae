import type { JobRef, Store } from '@foreman/store'
import { newJob as plainJob, submitJob, unavailableError } from '@foreman/store/testing'
import type { Deliver, Message, Outcome } from '@foreman/webhooks'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { heldBack, newJob, openTempStore, silent, soon } from '../testing/fixtures.ts'
import { Courier } from './courier.ts'

const START = 1_000_000
const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

interface Post {
  readonly message: Message
  /** Cuts the attempt off. */
  readonly signal: AbortSignal | undefined
  readonly reply: (status: number) => Promise<void>
  /** The receiver stays silent until the end of the attempt. */
  readonly timeOut: () => Promise<void>
}

/** Lets the courier come to rest. What it does with the store takes a few turns of the event loop. */
const settle = async () => {
  for (let turn = 0; turn < 6; turn++) await setImmediate()
}

/** A courier on a real store. The test answers its POST requests and moves its clock. */
const setUp = async (secrets: readonly string[] = ['secret']) => {
  const store = await openTempStore()
  const posts: Post[] = []
  const clock = { now: START, steady: 0 }
  const deliver: Deliver = (message, signal) =>
    new Promise(resolve => {
      const end = (outcome: Outcome) => {
        resolve(outcome)
        return settle()
      }
      posts.push({
        message,
        signal,
        reply: status => end({ kind: 'answered', status, excerpt: '', durationMs: 1 }),
        timeOut: () => end({ kind: 'failed', code: 'timeout', message: 'late', durationMs: 15_000 }),
      })
    })
  const newCourier = () =>
    new Courier({
      store,
      logger: silent,
      now: () => clock.now,
      steady: () => clock.steady,
      random: () => 0.5,
      secrets,
      deliver,
    })
  const courier = newCourier()
  onTestFinished(async () => {
    for (const post of posts) void post.reply(204)
    await courier.stop()
  })
  const start = () => {
    courier.start()
    return settle()
  }
  const sendDue = () => {
    courier.sendDue()
    return settle()
  }
  return { store, posts, clock, courier, newCourier, start, sendDue }
}

const idOf = ({ headers }: Message): string => headers['webhook-id'] ?? ''
const hostsOf = (posts: readonly Post[]) => posts.map(({ message }) => new URL(message.url).host)

/** Submits a job, so that its `job.queued` waits to be sent. */
const announce = (store: Store, url: string, now: number, caller = 'default') =>
  submitJob(store, newJob({ webhook: { url, events: ['job.queued'] }, caller }), now)

/** Does that for many jobs at once. */
const announceAll = (store: Store, urls: readonly string[]) => {
  const jobs = urls.map(url => plainJob({ webhook: { url, events: ['job.queued'] } }))
  return store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: START })
}

const messageOf = async (store: Store, { seq }: Pick<JobRef, 'seq'>) => {
  const messages = await Array.fromAsync(store.deliveries.ofJob(seq))
  return messages.flat()[0]!
}
const statesOf = (store: Store, jobs: readonly Pick<JobRef, 'seq'>[]) =>
  Promise.all(jobs.map(async job => (await messageOf(store, job)).state))

test('a host gets one delivery at a time until it answers, and two from then on', async () => {
  const { store, posts, start } = await setUp()
  for (let n = 0; n < 5; n++) await announce(store, 'http://a.example/', START)
  await start()
  expect(posts).toHaveLength(1)
  await posts[0]!.reply(500)
  expect(posts).toHaveLength(3)
})

test('a host that is silent gets one delivery at a time, with pauses, until it answers', async () => {
  const { store, posts, clock, start, sendDue } = await setUp()
  for (let n = 0; n < 5; n++) await announce(store, 'http://a.example/', START)
  await start()
  const postsAfter = async (ms: number) => {
    clock.now += ms
    clock.steady += ms
    await sendDue()
    return posts.length
  }
  expect(await postsAfter(15_000)).toBe(1)
  await posts[0]!.timeOut()
  expect([await postsAfter(4_999), await postsAfter(1), await postsAfter(15_000)]).toEqual([1, 2, 2])
  await posts[1]!.timeOut()
  expect([await postsAfter(9_999), await postsAfter(1)]).toEqual([2, 3])
  await posts[2]!.reply(204)
  expect(posts).toHaveLength(5)
})

test('however many new receivers are silent, others wait a second for a slot', async () => {
  const { store, posts, clock, start, sendDue } = await setUp()
  const toDead = () => hostsOf(posts).filter(host => host !== 'well.example').length
  for (let host = 0; host < 40; host++) await announce(store, `http://h${host}.example/`, START)
  await start()
  expect(toDead()).toBe(12)
  await announce(store, 'http://well.example/', START, 'other')
  await sendDue()
  expect(hostsOf(posts).at(-1)).toBe('well.example')
  clock.steady += 1_000
  await sendDue()
  expect(toDead()).toBe(24)
  await posts.find((_, n) => hostsOf(posts)[n] === 'well.example')!.reply(204)
  for (let n = 0; n < 3; n++) await announce(store, 'http://well.example/', START)
  await sendDue()
  expect(hostsOf(posts).slice(-2)).toEqual(['well.example', 'well.example'])
})

test('messages to more hosts than one look reads are all sent', async () => {
  const { store, posts, start } = await setUp()
  const jobs = await announceAll(
    store,
    Array.from({ length: 600 }, (_, n) => `http://h${n}.example/`),
  )
  await start()
  let answered = 0
  const answerAll = async () => {
    while (answered < posts.length) await posts[answered++]!.reply(204)
    return answered
  }
  await expect.poll(answerAll, soon).toBe(jobs.length)
  expect(new Set(hostsOf(posts)).size).toBe(jobs.length)
})

test('a receiver that does not answer delays no other receiver, however many deliveries wait for it', async () => {
  const { store, posts, clock, start } = await setUp()
  await announceAll(store, Array<string>(5_000).fill('http://dead.example/'))
  const others: JobRef[] = []
  for (let n = 0; n < 50; n++) others.push(await announce(store, 'http://well.example/', START + 1))
  clock.now += 1
  await start()
  for (let at = 0; at < posts.length; at++) {
    if (hostsOf(posts)[at] === 'well.example') await posts[at]!.reply(204)
  }
  expect(await statesOf(store, others)).toEqual(Array(50).fill('delivered'))
  expect(hostsOf(posts).filter(host => host === 'dead.example')).toHaveLength(1)
})

test('a receiver that was down for an hour gets everything afterwards, in the order of the schedule', async () => {
  const { store, posts, clock, start, sendDue } = await setUp()
  const jobs: JobRef[] = []
  for (const n of [0, 1, 2, 3])
    jobs.push(await announce(store, 'http://down.example/', START + n * SECOND_MS))
  await start()
  const isDown = () => clock.now < START + HOUR_MS
  const arrived: { id: string; at: number }[] = []
  let answered = 0
  for (let steps = 0; steps < 4_000 && arrived.length < jobs.length; steps++) {
    await sendDue()
    while (answered < posts.length) {
      const { message, reply } = posts[answered++]!
      if (!isDown()) arrived.push({ id: idOf(message), at: clock.now })
      await reply(isDown() ? 503 : 204)
      await sendDue()
    }
    const [next] = await store.deliveries.backlogs({ after: undefined, limit: 1 })
    if (next) clock.now = Math.max(clock.now, next.nextAttemptAt)
  }
  const messages = await Promise.all(jobs.map(job => messageOf(store, job)))
  expect(messages.map(({ state }) => state)).toEqual(Array(4).fill('delivered'))
  // 5 s, 5 min, 30 min and 2 h apart: the fifth is the first after the hour.
  for (const [n, { seq }] of messages.entries()) {
    const attempts = await store.deliveries.attempts([seq])
    const times = attempts.map(({ at }) => at - START - n * SECOND_MS)
    expect(times).toEqual([0, 5_000, 305_000, 2_105_000, 9_305_000])
    expect(attempts.map(({ status }) => status)).toEqual([503, 503, 503, 503, 204])
  }
  expect(arrived.map(({ id }) => id)).toEqual(messages.map(({ id }) => id))
})

test('an attempt that is due in 5 s is made within a minute when the clock is set back by an hour', async () => {
  const { store, posts, clock, start, sendDue } = await setUp()
  const job = await announce(store, 'http://a.example/', START)
  await start()
  await posts[0]!.reply(503)
  clock.now -= HOUR_MS
  await sendDue()
  expect(posts).toHaveLength(2)
  await posts[1]!.reply(204)
  expect(await messageOf(store, job)).toMatchObject({ state: 'delivered', finishedAt: START - HOUR_MS })
})

test('a delivery is given up after its last attempt, and can be sent again under the same id', async () => {
  const { store, posts, clock, start, sendDue } = await setUp()
  const job = await announce(store, 'http://a.example/', START)
  await start()
  for (let n = 0; n < 8; n++) {
    await posts[n]!.reply(500)
    clock.now = (await messageOf(store, job)).nextAttemptAt ?? clock.now
    await sendDue()
  }
  const message = await messageOf(store, job)
  expect(message).toMatchObject({ state: 'dead', nextAttemptAt: null })
  expect(posts).toHaveLength(8)
  clock.now += 1
  await store.deliveries.redeliver(message, clock.now)
  await sendDue()
  expect(new Set(posts.map(({ message: { headers } }) => headers['webhook-id'])).size).toBe(1)
  await posts[8]!.reply(500)
  expect(await messageOf(store, job)).toMatchObject({ failures: 1, nextAttemptAt: clock.now + 5_000 })
})

test('410 ends the deliveries that wait for that URL, but not those of later jobs', async () => {
  const { store, posts, clock, start } = await setUp()
  const first = await announce(store, 'http://gone.example/a', START)
  const second = await announce(store, 'http://gone.example/a', START)
  const other = await announce(store, 'http://gone.example/b', START + 1)
  await start()
  await posts[0]!.reply(410)
  expect(await statesOf(store, [first, second, other])).toEqual(['dead', 'dead', 'pending'])
  clock.now += 1
  const after = await announce(store, 'http://gone.example/a', clock.now)
  expect(await statesOf(store, [after])).toEqual(['pending'])
})

test('a delivery in flight when the worker stops is sent again by the next worker, and the attempt does not count', async () => {
  const { store, posts, courier, newCourier, start } = await setUp()
  const job = await announce(store, 'http://slow.example/', START)
  await start()
  await courier.stop()
  await posts[0]!.reply(204)
  expect(await messageOf(store, job)).toMatchObject({ state: 'pending', failures: 0 })
  const next = newCourier()
  onTestFinished(() => next.stop())
  next.start()
  await settle()
  const { id } = await messageOf(store, job)
  expect(posts.map(({ message }) => idOf(message))).toEqual([id, id])
  await posts[1]!.reply(204)
  expect(await statesOf(store, [job])).toEqual(['delivered'])
})

describe('while the store is asked what is due', () => {
  test('a message whose attempt ends then is not sent twice', async () => {
    const { store, posts, start } = await setUp()
    const jobs: JobRef[] = []
    for (let n = 0; n < 3; n++) jobs.push(await announce(store, 'http://a.example/', START))
    await start()
    const due = store.deliveries.due.bind(store.deliveries)
    const late = Promise.withResolvers<void>()
    // The host has answered. So it gets a second message at a time, and the store is asked for a third.
    const asked = vi.spyOn(store.deliveries, 'due').mockImplementation(async about => {
      const found = await due(about)
      if (about.limit > 1) await late.promise
      return found
    })
    await posts[0]!.reply(204)
    expect(posts).toHaveLength(2)
    expect(asked.mock.lastCall?.[0].limit).toBe(2)
    await posts[1]!.reply(204)
    expect(await statesOf(store, jobs)).toEqual(['delivered', 'delivered', 'pending'])
    late.resolve()
    await settle()
    const ids = await Promise.all(jobs.map(async job => (await messageOf(store, job)).id))
    expect(posts.map(({ message }) => idOf(message))).toEqual(ids)
  })

  test('a host that falls silent then gets its pause all the same', async () => {
    const { store, posts, clock, start, sendDue } = await setUp()
    for (const host of ['a', 'a', 'b']) await announce(store, `http://${host}.example/`, START)
    const late = Promise.withResolvers<void>()
    const due = store.deliveries.due.bind(store.deliveries)
    vi.spyOn(store.deliveries, 'due').mockImplementation(async about => {
      if (about.host.startsWith('b')) await late.promise
      return due(about)
    })
    await start()
    expect(hostsOf(posts)).toEqual(['a.example'])
    await posts[0]!.timeOut()
    late.resolve()
    await settle()
    expect(hostsOf(posts)).toEqual(['a.example', 'b.example'])
    clock.now += 5_000
    clock.steady += 5_000
    await sendDue()
    expect(hostsOf(posts)).toEqual(['a.example', 'b.example', 'a.example'])
  })

  test('and it does not answer, nothing is sent, and it is asked again', async () => {
    const { store, posts, start } = await setUp()
    const jobs = [await announce(store, 'http://a.example/', START)]
    vi.spyOn(store.deliveries, 'due').mockRejectedValueOnce(unavailableError())
    await start()
    expect(posts).toEqual([])
    await expect.poll(() => posts.length, soon).toBe(1)
    await posts[0]!.reply(204)
    expect(await statesOf(store, jobs)).toEqual(['delivered'])
  })

  test('a stop keeps what it answers from being sent', async () => {
    const { store, posts, courier, start } = await setUp()
    const jobs = [await announce(store, 'http://a.example/', START)]
    const asking = heldBack(store.deliveries, 'due')
    const started = start()
    await asking.begun
    const stopped = courier.stop()
    asking.goOn()
    await Promise.all([started, stopped])
    expect(posts).toEqual([])
    expect(await statesOf(store, jobs)).toEqual(['pending'])
  })
})

describe('an error of foreman itself', () => {
  const setUpWith = async (deliver: Deliver) => {
    const store = await openTempStore()
    const now = () => START
    const courier = new Courier({
      store,
      logger: silent,
      now,
      steady: now,
      random: () => 0.5,
      secrets: ['secret'],
      deliver,
    })
    onTestFinished(() => courier.stop())
    return { store, courier }
  }
  const well: Outcome = { kind: 'answered', status: 204, excerpt: '', durationMs: 1 }

  test('counts as a failed attempt of that delivery, and holds up no other', async () => {
    const { store, courier } = await setUpWith(({ url }) => {
      if (url.includes('odd')) throw new Error('malformed')
      return Promise.resolve(well)
    })
    const odd = await announce(store, 'http://odd.example/', START)
    const other = await announce(store, 'http://other.example/', START)
    courier.start()
    await expect.poll(() => statesOf(store, [other]), soon).toEqual(['delivered'])
    await expect.poll(() => messageOf(store, odd), soon).toMatchObject({ failures: 1 })
    const [attempt] = await store.deliveries.attempts([(await messageOf(store, odd)).seq])
    expect(attempt?.error).toBe('internal_error: an error within foreman ended the attempt')
  })

  test('sets that delivery aside when its attempt cannot be recorded', async () => {
    const deliver = vi.fn<Deliver>(() => Promise.resolve(well))
    const { store, courier } = await setUpWith(deliver)
    const record = store.deliveries.record.bind(store.deliveries)
    vi.spyOn(store.deliveries, 'record').mockImplementation(recorded =>
      recorded.delivery.url.includes('odd') ? Promise.reject(new Error('malformed')) : record(recorded),
    )
    const odd = await announce(store, 'http://a.example/odd', START)
    const others: JobRef[] = []
    for (const n of [1, 2, 3]) others.push(await announce(store, `http://a.example/${n}`, START))
    courier.start()
    await expect.poll(() => statesOf(store, others), soon).toEqual(Array(3).fill('delivered'))
    expect(await statesOf(store, [odd])).toEqual(['pending'])
    expect(deliver).toHaveBeenCalledTimes(4)
  })
})

test('without a secret nothing is sent and nothing is lost', async () => {
  const { store, posts, start, sendDue } = await setUp([])
  const warn = vi.spyOn(silent, 'warn')
  onTestFinished(() => warn.mockRestore())
  const job = await announce(store, 'http://a.example/', START)
  await start()
  await sendDue()
  expect(posts).toEqual([])
  expect(await statesOf(store, [job])).toEqual(['pending'])
  expect(warn).toHaveBeenCalledTimes(1)
})

test('log lines show the URL without its query and its fragment, which may hold a secret', async () => {
  const { store, posts, clock, start } = await setUp()
  const lines = [vi.spyOn(silent, 'debug'), vi.spyOn(silent, 'info')]
  onTestFinished(() => lines.forEach(line => line.mockRestore()))
  await announce(store, 'http://a.example/hook?key=hush#hush', START)
  await announce(store, 'http://b.example/hook#a?b', START)
  clock.now += 1
  await start()
  for (const post of posts) await post.reply(410)
  const logged: unknown[] = lines.flatMap(({ mock }) => mock.calls.map(([fields]) => fields))
  expect(logged).toHaveLength(4)
  for (const fields of logged)
    expect(fields).toMatchObject({ url: expect.stringMatching(/^http:\/\/[ab]\.example\/hook$/) as string })
  expect(posts[0]!.message.url).toContain('?key=hush')
})

describe('start and stop', () => {
  test('a courier that is started twice sends a delivery once', async () => {
    const { store, posts, courier, start } = await setUp()
    await announce(store, 'http://a.example/', START)
    courier.start()
    await start()
    expect(posts).toHaveLength(1)
  })

  test('a second stop waits for the first, which waits for the deliveries in flight', async () => {
    const { store, posts, courier, start } = await setUp()
    const job = await announce(store, 'http://a.example/', START)
    await start()
    const ended: string[] = []
    const stops = ['first', 'second'].map(which => courier.stop().then(() => ended.push(which)))
    await settle()
    expect(ended).toEqual([])
    await posts[0]!.reply(204)
    await Promise.all(stops)
    expect(ended).toEqual(['first', 'second'])
    expect(await statesOf(store, [job])).toEqual(['delivered'])
  })

  test('a stop without patience cuts off the deliveries in flight, and records nothing of them', async () => {
    const { store, posts, courier, start } = await setUp()
    const job = await announce(store, 'http://a.example/', START)
    await start()
    const record = vi.spyOn(store.deliveries, 'record')
    await courier.stop(0)
    expect(posts[0]!.signal?.aborted).toBe(true)
    await posts[0]!.reply(204)
    expect(record).not.toHaveBeenCalled()
    expect(await statesOf(store, [job])).toEqual(['pending'])
  })

  test('a courier that was stopped sends nothing, also when it is started again', async () => {
    const { store, posts, courier, start, sendDue } = await setUp()
    await start()
    await courier.stop()
    await announce(store, 'http://a.example/', START)
    await sendDue()
    await start()
    expect(posts).toEqual([])
  })

  test('a courier that was stopped before it was started sends nothing', async () => {
    const { store, posts, courier, start } = await setUp()
    await announce(store, 'http://a.example/', START)
    await courier.stop()
    await start()
    expect(posts).toEqual([])
  })
})
