import type { Store } from '@foreman/store'
import type { Deliver, Message, Outcome } from '@foreman/webhooks'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { newJob, openTempStore, silent, soon } from '../testing/fixtures.ts'
import { Courier } from './courier.ts'

const START = 1_000_000
const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

interface Post {
  readonly message: Message
  readonly reply: (status: number) => Promise<void>
  /** The receiver stays silent until the end of the attempt. */
  readonly timeOut: () => Promise<void>
}

/** A courier on a real file. The test answers its POST requests and moves its clock. */
const startCourier = (secrets: readonly string[] = ['secret']) => {
  const store = openTempStore()
  const posts: Post[] = []
  const clock = { now: START, steady: 0 }
  const deliver: Deliver = message =>
    new Promise(resolve => {
      const end = async (outcome: Outcome) => {
        resolve(outcome)
        // Its result shares a commit with others of the same turn of the event loop.
        await setImmediate()
        await setImmediate()
      }
      posts.push({
        message,
        reply: status => end({ kind: 'answered', status, excerpt: '', durationMs: 1 }),
        timeOut: () => end({ kind: 'failed', code: 'timeout', message: 'late', durationMs: 15_000 }),
      })
    })
  const start = () =>
    new Courier({
      store,
      logger: silent,
      now: () => clock.now,
      steady: () => clock.steady,
      random: () => 0.5,
      secrets,
      deliver,
    })
  const courier = start()
  onTestFinished(async () => {
    for (const post of posts) void post.reply(204)
    await courier.stop()
  })
  return { store, posts, clock, courier, start }
}

const idOf = ({ headers }: Message): string => headers['webhook-id'] ?? ''
const hostsOf = (posts: readonly Post[]) => posts.map(({ message }) => new URL(message.url).host)

/** Submits a job, so that its `job.queued` waits to be sent. */
const announce = (store: Store, url: string, now: number, caller = 'default') =>
  store.submissions.enqueue(newJob({ webhook: { url, events: ['job.queued'] }, caller }), now)

/** Does that for many jobs with one commit. */
const announceAll = (store: Store, urls: readonly string[]) => {
  const jobs = urls.map(url => newJob({ webhook: { url, events: ['job.queued'] } }))
  return store.submissions.enqueueAll(jobs, START)
}

const stateOf = (store: Store, { seq }: { seq: number }) => store.deliveries.ofJob(seq)[0]!

test('a host gets one delivery at a time until it answers, and two from then on', async () => {
  const { store, posts, courier } = startCourier()
  for (let n = 0; n < 5; n++) announce(store, 'http://a.example/', START)
  courier.start()
  expect(posts).toHaveLength(1)
  await posts[0]!.reply(500)
  expect(posts).toHaveLength(3)
})

test('a host that is silent gets one delivery at a time, with pauses, until it answers', async () => {
  const { store, posts, clock, courier } = startCourier()
  for (let n = 0; n < 5; n++) announce(store, 'http://a.example/', START)
  courier.start()
  const postsAfter = (ms: number) => {
    clock.now += ms
    clock.steady += ms
    courier.sendDue()
    return posts.length
  }
  expect(postsAfter(15_000)).toBe(1)
  await posts[0]!.timeOut()
  expect([postsAfter(4_999), postsAfter(1), postsAfter(15_000)]).toEqual([1, 2, 2])
  await posts[1]!.timeOut()
  expect([postsAfter(9_999), postsAfter(1)]).toEqual([2, 3])
  await posts[2]!.reply(204)
  expect(posts).toHaveLength(5)
})

test('however many new receivers are silent, others wait a second for a slot', async () => {
  const { store, posts, clock, courier } = startCourier()
  const toDead = () => hostsOf(posts).filter(host => host !== 'well.example').length
  for (let host = 0; host < 40; host++) announce(store, `http://h${host}.example/`, START)
  courier.start()
  expect(toDead()).toBe(12)
  announce(store, 'http://well.example/', START, 'other')
  courier.sendDue()
  expect(hostsOf(posts).at(-1)).toBe('well.example')
  clock.steady += 1_000
  courier.sendDue()
  expect(toDead()).toBe(24)
  await posts.find((_, n) => hostsOf(posts)[n] === 'well.example')!.reply(204)
  for (let n = 0; n < 3; n++) announce(store, 'http://well.example/', START)
  courier.sendDue()
  expect(hostsOf(posts).slice(-2)).toEqual(['well.example', 'well.example'])
})

test('messages to more hosts than one look reads are all sent', async () => {
  const { store, posts, courier } = startCourier()
  const jobs = announceAll(
    store,
    Array.from({ length: 600 }, (_, n) => `http://h${n}.example/`),
  )
  courier.start()
  let answered = 0
  const answerAll = async () => {
    while (answered < posts.length) await posts[answered++]!.reply(204)
    return answered
  }
  await expect.poll(answerAll, soon).toBe(jobs.length)
  expect(new Set(hostsOf(posts)).size).toBe(jobs.length)
})

test('a receiver that does not answer delays no other receiver, however many deliveries wait for it', async () => {
  const { store, posts, clock, courier } = startCourier()
  announceAll(store, Array<string>(5_000).fill('http://dead.example/'))
  const others = Array.from({ length: 50 }, () => announce(store, 'http://well.example/', START + 1))
  clock.now += 1
  courier.start()
  for (let at = 0; at < posts.length; at++) {
    if (hostsOf(posts)[at] === 'well.example') await posts[at]!.reply(204)
  }
  expect(others.map(job => stateOf(store, job).state)).toEqual(Array(50).fill('delivered'))
  expect(hostsOf(posts).filter(host => host === 'dead.example')).toHaveLength(1)
})

test('a receiver that was down for an hour gets everything afterwards, in the order of the schedule', async () => {
  const { store, posts, clock, courier } = startCourier()
  const jobs = [0, 1, 2, 3].map(n => announce(store, 'http://down.example/', START + n * SECOND_MS))
  courier.start()
  const isDown = () => clock.now < START + HOUR_MS
  const arrived: { id: string; at: number }[] = []
  let answered = 0
  for (let steps = 0; steps < 4_000 && arrived.length < jobs.length; steps++) {
    courier.sendDue()
    while (answered < posts.length) {
      const { message, reply } = posts[answered++]!
      if (!isDown()) arrived.push({ id: idOf(message), at: clock.now })
      await reply(isDown() ? 503 : 204)
      courier.sendDue()
    }
    const [next] = store.deliveries.backlogs(undefined, 1)
    if (next) clock.now = Math.max(clock.now, next.nextAttemptAt)
  }
  const messages = jobs.map(job => stateOf(store, job))
  expect(messages.map(({ state }) => state)).toEqual(Array(4).fill('delivered'))
  // 5 s, 5 min, 30 min and 2 h apart: the fifth is the first after the hour.
  for (const [n, { seq }] of messages.entries()) {
    const attempts = store.deliveries.attempts([seq])
    const times = attempts.map(({ at }) => at - START - n * SECOND_MS)
    expect(times).toEqual([0, 5_000, 305_000, 2_105_000, 9_305_000])
    expect(attempts.map(({ status }) => status)).toEqual([503, 503, 503, 503, 204])
  }
  expect(arrived.map(({ id }) => id)).toEqual(messages.map(({ id }) => id))
})

test('an attempt that is due in 5 s is made within a minute when the clock is set back by an hour', async () => {
  const { store, posts, clock, courier } = startCourier()
  const job = announce(store, 'http://a.example/', START)
  courier.start()
  await posts[0]!.reply(503)
  clock.now -= HOUR_MS
  courier.sendDue()
  expect(posts).toHaveLength(2)
  await posts[1]!.reply(204)
  expect(stateOf(store, job)).toMatchObject({ state: 'delivered', finishedAt: START - HOUR_MS })
})

test('a delivery is given up after its last attempt, and can be sent again under the same id', async () => {
  const { store, posts, clock, courier } = startCourier()
  const job = announce(store, 'http://a.example/', START)
  courier.start()
  for (let n = 0; n < 8; n++) {
    await posts[n]!.reply(500)
    clock.now = stateOf(store, job).nextAttemptAt ?? clock.now
    courier.sendDue()
  }
  expect(stateOf(store, job)).toMatchObject({ state: 'dead', nextAttemptAt: null })
  expect(posts).toHaveLength(8)
  store.deliveries.redeliver(stateOf(store, job), clock.now)
  courier.sendDue()
  expect(new Set(posts.map(({ message }) => idOf(message))).size).toBe(1)
  await posts[8]!.reply(500)
  expect(stateOf(store, job)).toMatchObject({ failures: 1, nextAttemptAt: clock.now + 5_000 })
})

test('410 ends the deliveries that wait for that URL, but not those of later jobs', async () => {
  const { store, posts, clock, courier } = startCourier()
  const [first, second] = [1, 2].map(() => announce(store, 'http://gone.example/a', START))
  const other = announce(store, 'http://gone.example/b', START + 1)
  courier.start()
  await posts[0]!.reply(410)
  expect([first, second].map(job => stateOf(store, job!).state)).toEqual(['dead', 'dead'])
  expect(stateOf(store, other).state).toBe('pending')
  clock.now += 1
  const after = announce(store, 'http://gone.example/a', clock.now)
  expect(stateOf(store, after).state).toBe('pending')
})

test('a delivery in flight when the worker stops is sent again by the next worker, and the attempt does not count', async () => {
  const { store, posts, courier, start } = startCourier()
  const job = announce(store, 'http://slow.example/', START)
  courier.start()
  await courier.stop()
  await posts[0]!.reply(204)
  expect(stateOf(store, job)).toMatchObject({ state: 'pending', failures: 0 })
  const next = start()
  onTestFinished(() => next.stop())
  next.start()
  expect(posts.map(({ message }) => idOf(message))).toEqual(Array(2).fill(stateOf(store, job).id))
  await posts[1]!.reply(204)
  expect(stateOf(store, job).state).toBe('delivered')
})

describe('an error of foreman itself', () => {
  const setUp = (deliver: Deliver) => {
    const store = openTempStore()
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
    const { store, courier } = setUp(({ url }) => {
      if (url.includes('odd')) throw new Error('malformed')
      return Promise.resolve(well)
    })
    const [odd, other] = ['odd', 'other'].map(host => announce(store, `http://${host}.example/`, START))
    courier.start()
    await expect.poll(() => stateOf(store, other!).state, soon).toBe('delivered')
    await expect.poll(() => stateOf(store, odd!).failures, soon).toBe(1)
    const [attempt] = store.deliveries.attempts([stateOf(store, odd!).seq])
    expect(attempt?.error).toBe('internal_error: an error within foreman ended the attempt')
  })

  test('sets that delivery aside when its attempt cannot be recorded', async () => {
    const deliver = vi.fn<Deliver>(() => Promise.resolve(well))
    const { store, courier } = setUp(deliver)
    const { record } = store.deliveries
    vi.spyOn(store.deliveries, 'record').mockImplementation((...[delivery, ...rest]) => {
      if (delivery.url.includes('odd')) throw new Error('malformed')
      return record(delivery, ...rest)
    })
    const odd = announce(store, 'http://a.example/odd', START)
    const others = [1, 2, 3].map(n => announce(store, `http://a.example/${n}`, START))
    courier.start()
    await expect
      .poll(() => others.map(job => stateOf(store, job).state), soon)
      .toEqual(Array(3).fill('delivered'))
    expect(stateOf(store, odd).state).toBe('pending')
    expect(deliver).toHaveBeenCalledTimes(4)
  })
})

test('without a secret nothing is sent and nothing is lost', () => {
  const { store, posts, courier } = startCourier([])
  const warn = vi.spyOn(silent, 'warn')
  const job = announce(store, 'http://a.example/', START)
  courier.start()
  courier.sendDue()
  expect(posts).toEqual([])
  expect(stateOf(store, job).state).toBe('pending')
  expect(warn).toHaveBeenCalledTimes(1)
})

test('log lines show the URL without its query and its fragment, which may hold a secret', async () => {
  const { store, posts, clock, courier } = startCourier()
  const lines = [vi.spyOn(silent, 'debug'), vi.spyOn(silent, 'info')]
  announce(store, 'http://a.example/hook?key=hush#hush', START)
  announce(store, 'http://b.example/hook#a?b', START)
  clock.now += 1
  courier.start()
  for (const post of posts) await post.reply(410)
  const logged: unknown[] = lines.flatMap(({ mock }) => mock.calls.map(([fields]) => fields))
  expect(logged).toHaveLength(4)
  for (const fields of logged)
    expect(fields).toMatchObject({ url: expect.stringMatching(/^http:\/\/[ab]\.example\/hook$/) as string })
  expect(posts[0]!.message.url).toContain('?key=hush')
})

describe('start and stop', () => {
  test('a courier that is started twice sends a delivery once', () => {
    const { store, posts, courier } = startCourier()
    announce(store, 'http://a.example/', START)
    courier.start()
    courier.start()
    expect(posts).toHaveLength(1)
  })

  test('a second stop waits for the first, which waits for the deliveries in flight', async () => {
    const { store, posts, courier } = startCourier()
    const job = announce(store, 'http://a.example/', START)
    courier.start()
    const ended: string[] = []
    const stops = ['first', 'second'].map(which => courier.stop().then(() => ended.push(which)))
    await setImmediate()
    expect(ended).toEqual([])
    await posts[0]!.reply(204)
    await Promise.all(stops)
    expect(ended).toEqual(['first', 'second'])
    expect(stateOf(store, job).state).toBe('delivered')
  })

  test('a courier that was stopped sends nothing, also when it is started again', async () => {
    const { store, posts, courier } = startCourier()
    courier.start()
    await courier.stop()
    announce(store, 'http://a.example/', START)
    courier.sendDue()
    courier.start()
    expect(posts).toEqual([])
  })

  test('a courier that was stopped before it was started sends nothing', async () => {
    const { store, posts, courier } = startCourier()
    announce(store, 'http://a.example/', START)
    await courier.stop()
    courier.start()
    expect(posts).toEqual([])
  })
})
