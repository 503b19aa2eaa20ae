import { describe, expect, test } from 'vitest'
import type { JobRef } from '../../values.ts'
import { claimNext, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventTypesOf, recordOf } from './look.ts'

const operation = { by: 'operator', action: 'change', subject: 'job_1', reason: 'it is urgent' }

export const changeContract = (engine: Engine): void => {
  describe('a change of a queued job', () => {
    test('moves it into the line of its new priority, where it keeps its place', async () => {
      const { store } = await engine.create()
      const first = await submitJob(store)
      const second = await submitJob(store, { priority: 'high' })
      expect(await store.submissions.change(first, { priority: 'high' }, 2_000)).toBe(true)
      expect(await store.records.lineCounts()).toMatchObject([{ priority: 0, jobs: 2 }])
      expect(await eventTypesOf(store, first)).toEqual(['queued'])
      const started = [await claimNext(store), await claimNext(store)]
      expect(started.map(claim => claim?.seq)).toEqual([first.seq, second.seq])
    })

    test('sets a deadline, and takes it away', async () => {
      const { store } = await engine.create()
      const job = await submitJob(store, { priority: 'low' })
      await store.submissions.change(job, { deadlineAt: 9_000 }, 2_000)
      expect(await recordOf(store, job)).toMatchObject({ deadlineAt: 9_000, priority: 2 })
      expect(await store.queue.failOverdue(ending(2_000))).toBe(9_000)
      await store.submissions.change(job, { priority: 'normal' }, 2_000)
      expect(await recordOf(store, job)).toMatchObject({ deadlineAt: 9_000, priority: 1 })
      await store.submissions.change(job, { deadlineAt: null }, 2_000)
      expect(await recordOf(store, job)).toMatchObject({ deadlineAt: null, priority: 1 })
      expect(await store.queue.failOverdue(ending(99_000))).toBeUndefined()
    })

    test('with a deadline that has passed lets it fail at the next look', async () => {
      const { store } = await engine.create()
      const job = await submitJob(store)
      await store.submissions.change(job, { deadlineAt: 1_500 }, 2_000)
      expect((await recordOf(store, job)).state).toBe('queued')
      await store.queue.failOverdue(ending(2_000))
      expect(await recordOf(store, job)).toMatchObject({ state: 'failed', errorCode: 'deadline_exceeded' })
    })

    test('is one also while the job waits for its next attempt', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'stall', spent: true, availableAt: 9_000 }, ending(2_000))
      expect(await store.submissions.change(job, { priority: 'low', deadlineAt: 5_000 }, 2_000)).toBe(true)
      expect(await recordOf(store, job)).toMatchObject({ priority: 2, deadlineAt: 5_000, availableAt: 9_000 })
      await store.queue.promoteDue({ now: 9_000, maxDelayMs: 60_000 })
      expect(await store.queue.waitingLines()).toMatchObject([{ priority: 2 }])
    })

    test('is written down with it, if somebody else did it, and again when it is done again', async () => {
      const { store } = await engine.create()
      const job = await submitJob(store)
      for (const now of [2_000, 3_000])
        expect(await store.submissions.change(job, { priority: 'high' }, now, operation)).toBe(true)
      const written = await store.operations.list({ limit: 9 })
      expect(written).toMatchObject([
        { ...operation, at: 3_000 },
        { ...operation, at: 2_000, state: 'done' },
      ])
    })

    test.each<[state: string, submit: (tested: Awaited<ReturnType<Engine['create']>>) => Promise<JobRef>]>([
      ['running', async ({ store }) => (await runningJob(store)).job],
      [
        'succeeded',
        async ({ store }) => {
          const { job, claim } = await runningJob(store)
          const end = { state: 'succeeded', answerAttempt: 1, statusCode: 200 } as const
          await store.runs.finish(claim, end, ending(2_000))
          return job
        },
      ],
      [
        'cancelled',
        async ({ store }) => {
          const job = await submitJob(store)
          await store.submissions.cancel(job, ending(2_000))
          return job
        },
      ],
    ])('is none when the job is %s', async (_state, submit) => {
      const tested = await engine.create()
      const { store } = tested
      const job = await submit(tested)
      const before = await recordOf(store, job)
      expect(await store.submissions.change(job, { priority: 'low', deadlineAt: 1 }, 3_000, operation)).toBe(
        false,
      )
      expect(await recordOf(store, job)).toEqual(before)
      expect(await store.operations.list({ limit: 9 })).toEqual([])
    })

    test('is none when the job is not accepted yet, or deleted', async () => {
      const { store } = await engine.create()
      const { arrivals } = store.submissions
      const arrival = await arrivals.begin(1_000)
      const [job] = await arrivals.add({ arrival, jobs: [newJob()], groupKeyOf: () => 'm', now: 1_000 })
      expect(await store.submissions.change(job!, { priority: 'low' }, 2_000)).toBe(false)
      expect(await store.submissions.change({ seq: 99, id: 'job_99' }, { priority: 'low' }, 2_000)).toBe(
        false,
      )
    })
  })
}
