import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Store } from '../../contract.ts'
import { startChild } from '../child.ts'
import { appendOutput, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, messagesOf, seqsOf, submitAll, upkeep } from './look.ts'

type Told = ReadonlySet<number> | 'all'

/** Listens until the current test ends, and waits for what the listener is told. */
const listen = ({ changes }: Store, topic: 'work' | 'log') => {
  const listener = vi.fn<(jobs: Told) => void>()
  const unlisten = changes.listen(topic, listener)
  onTestFinished(unlisten)
  const wait = { timeout: 5_000, interval: 1 }
  return {
    listener,
    unlisten,
    hears: () => expect.poll(() => listener.mock.calls.length, wait).toBeGreaterThan(0),
    hearsOf: (seq: number) =>
      expect
        .poll(() => listener.mock.calls.some(([jobs]) => jobs === 'all' || jobs.has(seq)), wait)
        .toBe(true),
  }
}

/** All jobs that a listener was told of by their numbers. */
const jobsTold = (listener: { mock: { calls: [Told][] } }): Set<number> =>
  new Set(listener.mock.calls.flatMap(([jobs]) => (jobs === 'all' ? [] : [...jobs])))

export const changesContract = (engine: Engine): void => {
  const create = async () => {
    const tested = await engine.create()
    return { ...tested, other: await tested.open({ role: 'worker' }) }
  }

  describe.each(['work', 'log'] as const)('who listens for %s', topic => {
    test('is told of a commit of another process, and can read what it wrote', async () => {
      const { store, location } = await engine.create()
      const writer = startChild(`
        const store = await openStore(await told(), { role: 'worker' })
        console.log('ready')
        for (;;) {
          const id = await told()
          const job = { id, path: '/', endpoint: '/', model: 'm', modelName: 'm', loadOptions: '{}',
            streaming: true, headers: [], body: Buffer.alloc(1), caller: 'c', priority: 'normal' }
          await store.submissions.enqueue({ jobs: [job], groupKeyOf: () => 'm', now: 1 })
        }
      `)
      writer.tell(location)
      await writer.next()
      for (let round = 0; round < 20; round++) {
        const id = `job_${round}`
        const { hears, unlisten } = listen(store, topic)
        writer.tell(id)
        await hears()
        expect(await store.records.byId(id)).toBeDefined()
        unlisten()
      }
    })

    test('misses nothing that follows the call', async () => {
      const { store, other } = await create()
      for (let round = 0; round < 20; round++) {
        const { hearsOf, unlisten } = listen(store, topic)
        const { seq } = await submitJob(other)
        await hearsOf(seq)
        unlisten()
      }
    })

    test('is told beside others, and no more after having stopped', async () => {
      const { store, other } = await create()
      const [first, second, third] = [listen(store, topic), listen(store, topic), listen(store, topic)]
      second.unlisten()
      second.unlisten()
      const { seq } = await submitJob(other)
      await Promise.all([first.hearsOf(seq), third.hearsOf(seq)])
      expect(second.listener).not.toHaveBeenCalled()
      first.unlisten()
      first.listener.mockClear()
      third.listener.mockClear()
      const later = await submitJob(other)
      await third.hearsOf(later.seq)
      expect(first.listener).not.toHaveBeenCalled()
    })

    test('may stop while being told, and others are told all the same', async () => {
      const { store, other } = await create()
      const calls: string[] = []
      const unlisten = store.changes.listen(topic, () => {
        calls.push('first')
        unlisten()
      })
      const { hearsOf } = listen(store, topic)
      await hearsOf((await submitJob(other)).seq)
      const { hearsOf: hearsMore } = listen(store, topic)
      await hearsMore((await submitJob(other)).seq)
      expect(calls).toEqual(['first'])
    })

    test('may be the same function twice, and stops once', async () => {
      const { store, other } = await create()
      const listener = vi.fn<(jobs: Told) => void>()
      const [first, second] = [store.changes.listen(topic, listener), store.changes.listen(topic, listener)]
      first()
      const { hearsOf } = listen(store, topic)
      await hearsOf((await submitJob(other)).seq)
      expect(listener).toHaveBeenCalled()
      second()
    })

    test('is told nothing after the store was closed', async () => {
      const { store, open, other } = await create()
      const closed = await open()
      const { listener } = listen(closed, topic)
      await closed.close()
      const { hearsOf } = listen(store, topic)
      await hearsOf((await submitJob(other)).seq)
      expect(listener).not.toHaveBeenCalled()
    })
  })

  describe('who listens for work', () => {
    const webhook = { url: 'http://a.example/', events: ['job.cancelled'] } as const

    test.each<[what: string, act: (other: Store) => Promise<() => Promise<unknown>>]>([
      ['a job was submitted', async other => () => submitJob(other)],
      [
        'an arrival was accepted',
        async other => {
          const { arrivals } = other.submissions
          const arrival = await arrivals.begin(1_000)
          const jobs = [newJob()]
          const [job] = await arrivals.add({ arrival, jobs, groupKeyOf: () => 'm', now: 1_000 })
          return () => arrivals.accept(arrival, { jobs: 1, parts: 0, witness: job!.seq })
        },
      ],
      [
        'a job was put back',
        async other => {
          const { claim } = await runningJob(other)
          return () => other.runs.release(claim, { code: 'stall', spent: true }, ending(1_000))
        },
      ],
      [
        'a cancellation was requested',
        async other => {
          const { job } = await runningJob(other)
          return () => other.submissions.cancel(job, ending(1_000))
        },
      ],
      ['the target was suspected', async other => () => other.target.suspect(1_000)],
      [
        'a message became due',
        async other => {
          const job = await submitJob(other, { webhook })
          return () => other.submissions.cancel(job, ending(1_000))
        },
      ],
      [
        'a message was sent again',
        async other => {
          const job = await submitJob(other, { webhook })
          await other.submissions.cancel(job, ending(1_000))
          const [message] = await messagesOf(other, job)
          return () => other.deliveries.redeliver(message!, 2_000)
        },
      ],
    ])('is told that %s', async (_what, prepare) => {
      const { store, other } = await create()
      const act = await prepare(other)
      const { hears } = listen(store, 'work')
      await act()
      await hears()
    })
  })

  describe('who listens for the log', () => {
    test('is told which jobs have new entries, and of no others', async () => {
      const { store, other } = await create()
      const a = await runningJob(other, { groupKey: 'a' })
      const b = await runningJob(other, { groupKey: 'b' })
      const waiting = await submitJob(other, { groupKey: 'c' })
      const { listener, hearsOf } = listen(store, 'log')
      await appendOutput(other, b.claim, { head: { status: 200, headers: [] }, body: Buffer.from('x') })
      await hearsOf(b.job.seq)
      await other.submissions.cancel(waiting, ending(1_000))
      await hearsOf(waiting.seq)
      expect(jobsTold(listener)).not.toContain(a.job.seq)
    })

    test('is told of all jobs of one large commit', async () => {
      const { store, other } = await create()
      const { job, claim } = await runningJob(other)
      const { hearsOf } = listen(store, 'log')
      const body = Array.from({ length: 2_100 }, () => Buffer.from('x'))
      const [, last] = await Promise.all([
        other.runs.append(claim, { after: 0, head: { status: 200, headers: [] }, body }),
        submitJob(other, { groupKey: 'last' }),
      ])
      await Promise.all([hearsOf(job.seq), hearsOf(last.seq)])
    })

    test('is told of new entries although the last ones before were deleted', async () => {
      const { store, other } = await create()
      const first = await submitJob(other)
      await other.submissions.cancel(first, ending(1_000, 0))
      const { hearsOf } = listen(store, 'log')
      await upkeep(other, 1_000)
      const jobs = await submitAll(other, [{}, {}])
      await Promise.all(seqsOf(jobs).map(hearsOf))
    })
  })
}
