import { describe, expect, test } from 'vitest'
import { runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventsOf, eventTypesOf, HOUR_MS, readAll, recordOf } from './look.ts'

export const cancelContract = (engine: Engine): void => {
  describe('a cancellation', () => {
    test('ends a queued job, and sets when its row expires', async () => {
      const { store } = await engine.create()
      const job = await submitJob(store)
      expect(await store.submissions.cancel(job, ending(2_000))).toBe('cancelled')
      expect(await recordOf(store, job)).toMatchObject({
        state: 'cancelled',
        finishedAt: 2_000,
        expiresAt: 2_000 + HOUR_MS,
        errorCode: 'cancelled',
      })
      expect((await eventsOf(store, job)).at(-1)).toEqual({ type: 'cancelled', attempt: 0, at: 2_000 })
      expect(await store.queue.waitingLines()).toEqual([])
    })

    test('ends a job that waits for its next attempt, even if an earlier attempt brought an answer', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }
      const back = { code: 'target_busy', spent: true, availableAt: 9_000, provisional } as const
      await store.runs.release(claim, back, ending(2_000))
      expect(await store.submissions.cancel(job, ending(3_000))).toBe('cancelled')
      expect(await recordOf(store, job)).toMatchObject({
        state: 'cancelled',
        availableAt: null,
        answerAttempt: null,
      })
      expect((await eventsOf(store, job)).at(-1)).toEqual({ type: 'cancelled', attempt: 1, at: 3_000 })
      expect(await store.queue.promoteDue({ now: 1_000_000, maxDelayMs: 60_000 })).toBeUndefined()
      expect((await readAll(store, job)).pieces).toEqual([])
    })

    test('asks the worker to end a running job, and keeps the time of the first request', async () => {
      const { store } = await engine.create()
      const { job } = await runningJob(store)
      expect(await store.submissions.cancel(job, ending(2_000))).toBe('requested')
      expect(await store.submissions.cancel(job, ending(3_000))).toBe('requested')
      expect(await recordOf(store, job)).toMatchObject({
        state: 'running',
        cancelRequestedAt: 2_000,
        finishedAt: null,
      })
      expect(await store.runs.cancelRequests()).toEqual([job.seq])
      expect(await eventTypesOf(store, job)).toEqual(['queued', 'started', 'cancel_requested'])
    })

    test('does nothing to a job that has ended', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      const end = { state: 'succeeded', answerAttempt: 1, statusCode: 200 } as const
      await store.runs.finish(claim, end, ending(2_000))
      const before = [await recordOf(store, job), await eventsOf(store, job)]
      expect(await store.submissions.cancel(job, ending(3_000))).toBe('ended')
      expect(await store.submissions.cancel(job, ending(4_000))).toBe('ended')
      expect([await recordOf(store, job), await eventsOf(store, job)]).toEqual(before)
    })

    test('of a deleted job does nothing', async () => {
      const { store } = await engine.create()
      expect(await store.submissions.cancel({ seq: 99, id: 'job_99' }, ending(1_000))).toBe('ended')
    })
  })
}
