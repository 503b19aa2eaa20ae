import { describe, expect, test } from 'vitest'
import { submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, messagesOf, upkeep } from './look.ts'
import { createOutbox, START } from './outbox.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const receiversContract = (engine: Engine): void => {
  test('receivers are listed with what is undelivered, and with the last error of each', async () => {
    const { tested, subscribe, record } = await createOutbox(engine)
    const { overview } = await tested.openReader()
    expect(await overview.receivers(9)).toEqual([])
    const well = await subscribe('http://well.example:8443/')
    const [first, second] = [await subscribe('http://a.example/'), await subscribe('http://a.example/x')]
    const gone = await subscribe('http://gone.example/')
    await subscribe('http://new.example/')
    await record(well, { kind: 'delivered' }, START + 1, 204)
    await record(first, { kind: 'dead' }, START + 2, 500)
    await record(second, { kind: 'again', nextAttemptAt: START + 9 }, START + 3, 503)
    await record(gone, { kind: 'gone' }, START + 4, 410)
    const none = { pending: 0, dead: 0, lastAt: null, lastError: null, goneAt: null }
    const errorOf = (at: number, status: number) => ({
      lastAt: at,
      lastError: { at, status, error: null },
    })
    expect(await overview.receivers(9)).toEqual([
      { ...none, host: 'a.example', pending: 1, dead: 1, ...errorOf(START + 3, 503) },
      { ...none, host: 'gone.example', dead: 1, ...errorOf(START + 4, 410), goneAt: START + 4 },
      { ...none, host: 'new.example', pending: 1 },
      { ...none, host: 'well.example:8443', lastAt: START + 1 },
    ])
    expect(await overview.receivers(1)).toMatchObject([{ host: 'a.example' }])
  })

  describe('a receiver that is gone', () => {
    test('gets no messages of earlier jobs, and all messages of later ones', async () => {
      const { store, subscribe, messageOf, record } = await createOutbox(engine)
      const url = 'http://a.example/'
      const before = await subscribe(url, ['job.queued', 'job.cancelled'])
      const waiting = await subscribe(url)
      const elsewhere = await subscribe('http://a.example/other')
      await record(before, { kind: 'gone' }, START + 1)
      const messages = await Promise.all([before, waiting, elsewhere].map(messageOf))
      expect(messages.map(({ state }) => state)).toEqual(['dead', 'dead', 'pending'])
      expect(messages[1]).toMatchObject({ nextAttemptAt: null, finishedAt: START + 1 })
      await store.submissions.cancel(before, ending(START + 2))
      expect(await messagesOf(store, before)).toHaveLength(1)
      const later = await subscribe(url, ['job.queued'], START + 2)
      expect((await messageOf(later)).state).toBe('pending')
    })

    test('for one caller gets the messages of the others', async () => {
      const { store, messageOf, record } = await createOutbox(engine)
      const webhook = { url: 'http://a.example/', events: ['job.queued', 'job.cancelled'] } as const
      const ofAnn = await submitJob(store, { webhook, caller: 'ann' }, START)
      const ofZoe = await submitJob(store, { webhook, caller: 'zoe' }, START)
      await record(ofAnn, { kind: 'gone' }, START + 1)
      const states = [(await messageOf(ofAnn)).state, (await messageOf(ofZoe)).state]
      expect(states).toEqual(['dead', 'pending'])
      for (const job of [ofAnn, ofZoe]) await store.submissions.cancel(job, ending(START + 2))
      const counts = [(await messagesOf(store, ofAnn)).length, (await messagesOf(store, ofZoe)).length]
      expect(counts).toEqual([1, 2])
    })

    test('gets all messages of later jobs, also after the clock was set back', async () => {
      const { store, subscribe, messageOf, record } = await createOutbox(engine)
      const url = 'http://a.example/'
      const before = await subscribe(url, ['job.queued', 'job.cancelled'], START + HOUR_MS)
      await record(before, { kind: 'gone' }, START + HOUR_MS)
      expect((await messageOf(await subscribe(url))).state).toBe('pending')
      await store.submissions.cancel(before, ending(START))
      expect(await messagesOf(store, before)).toHaveLength(1)
    })

    test('that comes back and is gone again gets no messages of the jobs in between', async () => {
      const { store, subscribe, record } = await createOutbox(engine)
      const url = 'http://a.example/'
      const events = ['job.queued', 'job.cancelled'] as const
      await record(await subscribe(url), { kind: 'gone' }, START + 1)
      const between = await subscribe(url, events)
      await record(await subscribe(url), { kind: 'gone' }, START + 2)
      await store.submissions.cancel(between, ending(START + 3))
      expect((await messagesOf(store, between)).map(({ event }) => event)).toEqual(['job.queued'])
    })

    test('is forgotten after a month', async () => {
      const { subscribe, record, store, tested } = await createOutbox(engine)
      const job = await subscribe('http://a.example/')
      await record(job, { kind: 'gone' })
      await store.submissions.cancel(job, ending(START, 29 * DAY_MS))
      await upkeep(store, START + 29 * DAY_MS)
      expect((await tested.counts()).receivers).toBe(1)
      const last = await subscribe('http://b.example/', ['job.failed'])
      await store.submissions.cancel(last, ending(START, 31 * DAY_MS))
      await upkeep(store, START + 31 * DAY_MS)
      expect((await tested.counts()).receivers).toBe(0)
    })
  })
}
