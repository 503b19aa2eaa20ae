import { describe, expect, test } from 'vitest'
import { claimNext, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, recordOf, submitAll } from './look.ts'

export const waitingLinesContract = (engine: Engine): void => {
  describe('waiting lines', () => {
    test('are the groups with a ready job, each with its oldest', async () => {
      const { store } = await engine.create()
      const groups: [string, number][] = [
        ['b', 10],
        ['a', 20],
        ['b', 30],
        ['c', 40],
        ['a', 50],
      ]
      const jobs = []
      for (const [groupKey, now] of groups) jobs.push(await submitJob(store, { groupKey }, now))
      const later = await submitJob(store, { groupKey: 'd' }, 60)
      const delayed = (await claimNext(store, 'd', 60))!
      const back = { code: 'target_busy', spent: true, availableAt: 1_000 } as const
      await store.runs.release(delayed, back, ending(60))
      expect(await claimNext(store, 'c', 60)).toBeDefined()
      expect(later.seq).toBe(delayed.seq)
      const lines = await store.queue.waitingLines()
      expect(lines.toSorted((a, b) => a.oldestSeq - b.oldestSeq)).toEqual([
        { groupKey: 'b', priority: 1, oldestSeq: jobs[0]!.seq, oldestCreatedAt: 10 },
        { groupKey: 'a', priority: 1, oldestSeq: jobs[1]!.seq, oldestCreatedAt: 20 },
      ])
    })

    test('are one for each priority of a group', async () => {
      const { store } = await engine.create()
      const priorities = ['low', 'high', 'low', 'high', 'normal'] as const
      const jobs = await submitAll(
        store,
        priorities.map(priority => ({ priority })),
      )
      const lines = await store.queue.waitingLines()
      expect(lines.toSorted((a, b) => a.priority - b.priority)).toMatchObject([
        { groupKey: 'm', priority: 0, oldestSeq: jobs[1]!.seq },
        { groupKey: 'm', priority: 1, oldestSeq: jobs[4]!.seq },
        { groupKey: 'm', priority: 2, oldestSeq: jobs[0]!.seq },
      ])
    })

    test('do not exist in an empty store, and may have any group key', async () => {
      const { store } = await engine.create()
      expect(await store.queue.waitingLines()).toEqual([])
      const keys = ['', "'", '\u{10ffff}', 'A', 'a']
      await submitAll(
        store,
        keys.map(groupKey => ({ groupKey })),
      )
      const lines = await store.queue.waitingLines()
      expect(lines.map(({ groupKey }) => groupKey).toSorted()).toEqual(['', "'", 'A', 'a', '\u{10ffff}'])
    })
  })

  describe('counts', () => {
    const [ann, bob] = [
      { account: 'team', sender: 'ann' },
      { account: 'team', sender: 'bob' },
    ]
    const line = { groupKey: 'm', priority: 1 }

    test('are those of the ready jobs of each line, with their oldest and its model', async () => {
      const { store } = await engine.create()
      expect(await store.records.lineCounts()).toEqual([])
      const [first] = await submitAll(store, [bob, ann, ann])
      await submitAll(store, [{ groupKey: 'other', modelName: 'n', priority: 'low' }, { groupKey: 'third' }])
      await claimNext(store, 'third')
      const lines = await store.records.lineCounts()
      expect(lines.toSorted((a, b) => a.priority - b.priority)).toMatchObject([
        {
          ...line,
          jobs: 3,
          oldestSeq: first!.seq,
          oldestCreatedAt: expect.any(Number),
          modelName: 'm',
          loadOptions: '{}',
        },
        { groupKey: 'other', priority: 2, jobs: 1, modelName: 'n' },
      ])
    })

    test('are those of each sender, and of what is before a job', async () => {
      const { store } = await engine.create()
      const jobs = await submitAll(store, [bob, ann, bob, bob])
      const last = jobs.at(-1)!.seq
      expect((await store.records.senderCounts(line, 9)).toSorted((a, b) => a.jobs - b.jobs)).toEqual([
        { ...ann, jobs: 1, oldestSeq: jobs[1]!.seq },
        { ...bob, jobs: 3, oldestSeq: jobs[0]!.seq },
      ])
      expect(await store.records.senderCounts(line, 1)).toHaveLength(1)
      const ahead = (of: typeof ann | undefined, most = 9) =>
        store.records.ahead({ ...line, place: last, of }, most)
      expect([await ahead(undefined), await ahead(undefined, 2), await ahead(ann), await ahead(bob)]).toEqual(
        [3, 2, 1, 2],
      )
    })

    test('are of no use where nothing is left', async () => {
      const { store } = await engine.create()
      const [job] = await submitAll(store, [ann])
      await store.submissions.cancel(job!, ending(1_000))
      expect([await store.records.lineCounts(), await store.records.senderCounts(line, 9)]).toEqual([[], []])
    })
  })

  test('deadlines are counted of queued jobs, up to a time, and up to a number', async () => {
    const { store } = await engine.create()
    const deadlines = [5_000, 6_000, 7_000, undefined]
    const jobs = await submitAll(
      store,
      deadlines.map(deadlineAt => ({ deadlineAt })),
    )
    const deadlinesUntil = (at: number, most: number) => store.records.deadlinesUntil(at, most)
    expect([
      await deadlinesUntil(6_000, 9),
      await deadlinesUntil(9_000, 9),
      await deadlinesUntil(9_000, 2),
    ]).toEqual([2, 3, 2])
    await store.submissions.cancel(jobs[0]!, ending(1_000))
    await claimNext(store)
    expect(await deadlinesUntil(9_000, 9)).toBe(1)
  })

  test('the running jobs are those that a worker has claimed', async () => {
    const { store } = await engine.create()
    await submitAll(store, [{ groupKey: 'a' }, { groupKey: 'b' }])
    await claimNext(store, 'b', 5_000)
    expect(await store.records.running()).toEqual([
      { groupKey: 'b', modelName: 'm', account: '', sender: '', startedAt: 5_000, startReason: 'first' },
    ])
  })

  describe('a regrouping', () => {
    const groupOf = async (...[store, job]: Parameters<typeof recordOf>) =>
      (await recordOf(store, job)).groupKey

    test('moves delayed jobs, and those that are not accepted yet', async () => {
      const { store } = await engine.create()
      const { job: delayed, claim } = await runningJob(store, { groupKey: 'old' })
      const back = { code: 'stall', spent: true, availableAt: 9_000 } as const
      await store.runs.release(claim, back, ending(1_000))
      const { arrivals } = store.submissions
      const arrival = await arrivals.begin(1_000)
      const jobs = [newJob()]
      const [arriving] = await arrivals.add({ arrival, jobs, groupKeyOf: () => 'old', now: 1_000 })
      expect(await store.queue.regroup('m', () => 'new')).toBe(true)
      expect([await groupOf(store, delayed), await groupOf(store, arriving!)]).toEqual(['new', 'new'])
    })

    test('moves the queued jobs of a model, and no others', async () => {
      const { store } = await engine.create()
      const running = await submitJob(store, { groupKey: 'old' })
      await claimNext(store, 'old')
      const [one, two, other] = await submitAll(store, [
        { groupKey: 'old', loadOptions: '{"num_ctx":1}' },
        { groupKey: 'old', loadOptions: '{"num_ctx":2}' },
        { groupKey: 'old', modelName: 'other' },
      ])
      expect(await store.queue.regroup('m', loadOptions => `new ${loadOptions}`)).toBe(true)
      expect(await Promise.all([running, one!, two!, other!].map(job => groupOf(store, job)))).toEqual([
        'old',
        'new {"num_ctx":1}',
        'new {"num_ctx":2}',
        'old',
      ])
      expect(await claimNext(store, 'new {"num_ctx":2}')).toMatchObject({ seq: two!.seq })
    })

    test('leaves jobs in their group whose group is right, or not known', async () => {
      const { store } = await engine.create()
      const [right, unknown] = await submitAll(store, [
        { groupKey: 'right', loadOptions: 'a' },
        { groupKey: 'old', loadOptions: 'b' },
      ])
      const groupKeyOf = (loadOptions: string) => (loadOptions === 'a' ? 'right' : undefined)
      expect(await store.queue.regroup('m', groupKeyOf)).toBe(false)
      expect([await groupOf(store, right!), await groupOf(store, unknown!)]).toEqual(['right', 'old'])
    })
  })
}
