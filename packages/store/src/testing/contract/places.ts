import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import type { Submitted } from '../../values.ts'
import { claimNext, newJob, submitJob, type TestJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventsOf, recordOf } from './look.ts'

const hash = Buffer.from('a hash of the request')
/** A job whose caller waits, and may repeat its request. */
const repeatable = { gateway: 'g', requestHash: hash, account: 'team', sender: 'ann' } as const
const MINUTE_MS = 60_000

const ask = (store: Store, now: number, differing: TestJob = {}) =>
  submitJob(store, { ...repeatable, ...differing }, now)
const leave = (store: Store, job: Submitted, now: number) =>
  store.submissions.cancel(job, ending(now), { hasLeft: true })

export const placesContract = (engine: Engine): void => {
  describe('a repeated request', () => {
    /** Somebody asks and leaves at once, and then another one asks. */
    const setUp = async () => {
      const { store } = await engine.create()
      const first = await ask(store, 1_000)
      await leave(store, first, 2_000)
      const other = await submitJob(store, {}, 3_000)
      return { store, first, other }
    }

    test('keeps its place and its arrival, and says so', async () => {
      const { store, first, other } = await setUp()
      const again = await ask(store, 4_000)
      expect(await recordOf(store, again)).toMatchObject({ place: first.seq, createdAt: 4_000 })
      expect(await eventsOf(store, again)).toEqual([{ type: 'queued', arrivedAt: 1_000, at: 4_000 }])
      const line = { groupKey: 'm', priority: 1, oldestSeq: first.seq, oldestCreatedAt: 1_000 }
      expect(await store.queue.waitingLines()).toEqual([line])
      expect(await store.records.lineCounts()).toEqual([
        { ...line, jobs: 2, modelName: 'm', loadOptions: '{}' },
      ])
      expect((await store.queue.oldest(line, [repeatable]))[0]).toMatchObject({ oldestSeq: first.seq })
      expect(await store.records.ahead({ ...line, place: other.seq, of: undefined }, 9)).toBe(1)
      expect([(await claimNext(store))?.seq, (await claimNext(store))?.seq]).toEqual([again.seq, other.seq])
    })

    test('takes a place over once, and keeps it when it leaves as well', async () => {
      const { store, first } = await setUp()
      const again = await ask(store, 4_000)
      const twin = await ask(store, 5_000)
      expect((await recordOf(store, twin)).place).toBe(twin.seq)
      await leave(store, again, 6_000)
      const third = await ask(store, 7_000)
      expect(await recordOf(store, third)).toMatchObject({ place: first.seq })
      expect(await eventsOf(store, third)).toMatchObject([{ arrivedAt: 1_000 }])
    })

    test('takes no second place when its submission is called again', async () => {
      const { store } = await setUp()
      await leave(store, await ask(store, 3_500), 3_600)
      await ask(store, 3_700)
      const others = await Promise.all([ask(store, 3_800), ask(store, 3_800)])
      for (const other of others) await leave(store, other, 3_900)
      const jobs = [newJob(repeatable)]
      const enqueue = () => store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: 4_000 })
      const [again] = await enqueue()
      expect(await enqueue()).toEqual([again])
      const last = await ask(store, 5_000)
      const places = await Promise.all([again!, last].map(async job => (await recordOf(store, job)).place))
      expect(places).toEqual(others.map(({ seq }) => seq))
    })

    test.each<[what: string, differing: TestJob, now: number]>([
      ['comes more than two minutes later', {}, 2_000 + 2 * MINUTE_MS + 1],
      ['comes from before a clock was set back', {}, 1_999],
      ['is another one', { requestHash: Buffer.from('another') }, 4_000],
      ['is of another caller', { caller: 'bob' }, 4_000],
      ['is of another account', { account: 'another' }, 4_000],
      ['is of another sender', { sender: 'bob' }, 4_000],
      ['does not say what it is', { requestHash: undefined }, 4_000],
    ])('that %s has a place of its own', async (_what, differing, now) => {
      const { store } = await setUp()
      const job = await ask(store, now, differing)
      expect((await recordOf(store, job)).place).toBe(job.seq)
      expect((await eventsOf(store, job))[0]).toEqual({ type: 'queued', at: now })
    })

    test('of several that have left keeps the place of the one that has left first', async () => {
      const { store } = await engine.create()
      const [one, two] = [await ask(store, 1_000), await ask(store, 1_000)]
      await leave(store, two, 2_000)
      await leave(store, one, 3_000)
      const places = []
      for (const now of [4_000, 4_000]) places.push((await recordOf(store, await ask(store, now))).place)
      expect(places).toEqual([two.seq, one.seq])
    })

    test('of a job that had started, and went back to the queue, has a place of its own', async () => {
      const { store } = await engine.create()
      const first = await ask(store, 1_000)
      const claim = (await claimNext(store))!
      await store.runs.release(claim, { code: 'target_busy', spent: true }, ending(1_500))
      await leave(store, first, 2_000)
      const again = await ask(store, 4_000)
      expect((await recordOf(store, again)).place).toBe(again.seq)
    })

    test.each(['was cancelled in another way', 'has started'])(
      'of a job that %s has a place of its own',
      async what => {
        const { store } = await engine.create()
        const first = await ask(store, 1_000)
        if (what === 'has started') await claimNext(store)
        if (what === 'has started') await leave(store, first, 2_000)
        else await store.submissions.cancel(first, ending(2_000))
        const again = await ask(store, 4_000)
        expect((await recordOf(store, again)).place).toBe(again.seq)
      },
    )
  })
}
