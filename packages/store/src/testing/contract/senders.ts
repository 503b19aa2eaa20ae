import { describe, expect, test } from 'vitest'
import { claimNext, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, recordOf } from './look.ts'

const [ann, bob] = [
  { account: 'team', sender: 'ann' },
  { account: 'team', sender: 'bob' },
]
const other = { account: 'other', sender: 'ann' }

export const sendersContract = (engine: Engine): void => {
  describe('the senders of a line', () => {
    test('are those with a ready job, in the order of their names, and each has an oldest', async () => {
      const { store } = await engine.create()
      const jobs = []
      for (const [at, sender] of [bob, ann, bob, other, ann].entries())
        jobs.push(await submitJob(store, sender, 10 * at))
      const line = { groupKey: 'm', priority: 1 }
      const senders = await store.queue.senders(line)
      expect(senders).toEqual([other, ann, bob])
      expect(await store.queue.oldest(line, [...senders, { account: 'nobody', sender: '' }])).toEqual([
        { ...other, oldestSeq: jobs[3]!.seq, oldestCreatedAt: 30 },
        { ...ann, oldestSeq: jobs[1]!.seq, oldestCreatedAt: 10 },
        { ...bob, oldestSeq: jobs[0]!.seq, oldestCreatedAt: 0 },
      ])
    })

    test('are not those of another group or priority, nor those whose jobs run or are delayed', async () => {
      const { store } = await engine.create()
      await runningJob(store, ann)
      const { claim } = await runningJob(store, bob)
      const back = { code: 'target_busy', spent: true, availableAt: 9_000 } as const
      await store.runs.release(claim, back, ending(2_000))
      await submitJob(store, { ...other, groupKey: 'another' })
      await submitJob(store, { ...other, priority: 'low' })
      expect(await store.queue.senders({ groupKey: 'm', priority: 1 })).toEqual([])
      expect(await store.queue.oldest({ groupKey: 'm', priority: 1 }, [ann, bob, other])).toEqual([])
      expect(await store.queue.senders({ groupKey: 'm', priority: 2 })).toEqual([other])
    })

    test('have no names where nobody has given any', async () => {
      const { store } = await engine.create()
      await submitJob(store)
      expect(await store.queue.senders({ groupKey: 'm', priority: 1 })).toEqual([{ account: '', sender: '' }])
    })

    test('are no more than a thousand beside the first of each account', async () => {
      const { store } = await engine.create()
      const names = Array.from({ length: 1_005 }, (_, at) => `s${String(at).padStart(4, '0')}`)
      for (const sender of names) await submitJob(store, { account: 'a', sender })
      await submitJob(store, { account: 'b', sender: 'only' })
      const senders = await store.queue.senders({ groupKey: 'm', priority: 1 })
      expect(senders.map(({ sender }) => sender)).toEqual([...names.slice(0, 1_001), 'only'])
    })
  })

  test('ready jobs are counted up to a bound, without those that run or are delayed', async () => {
    const { store } = await engine.create()
    expect(await store.queue.ready(9)).toBe(0)
    await runningJob(store)
    const { claim } = await runningJob(store)
    const back = { code: 'target_busy', spent: true, availableAt: 9_000 } as const
    await store.runs.release(claim, back, ending(2_000))
    for (const groupKey of ['a', 'b', 'b']) await submitJob(store, { groupKey })
    expect([await store.queue.ready(9), await store.queue.ready(2)]).toEqual([3, 2])
  })

  test('a claim for a sender takes the oldest job of that sender, and gives its names', async () => {
    const { store } = await engine.create()
    await submitJob(store, ann)
    const wanted = [await submitJob(store, bob), await submitJob(store, bob)]
    await submitJob(store, other)
    const claim = await claimNext(store, 'm', 2_000, { of: bob })
    expect(claim).toMatchObject({ ...bob, seq: wanted[0]!.seq })
    expect((await claimNext(store, 'm', 2_000, { of: bob }))?.seq).toBe(wanted[1]!.seq)
    expect(await claimNext(store, 'm', 2_000, { of: bob })).toBeUndefined()
    expect(await recordOf(store, wanted[0]!)).toMatchObject(bob)
  })

  test('what a worker remembers is there for the next one', async () => {
    const { store, open } = await engine.create()
    expect(await store.queue.memory()).toBeUndefined()
    for (const memory of ['{"a":1}', 'ü\u0000']) {
      await store.queue.remember(memory)
      expect(await (await open({ role: 'worker' })).queue.memory()).toBe(memory)
    }
  })
}
