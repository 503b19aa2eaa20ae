import { describe, expect, test } from 'vitest'
import { JobLostError } from '../../errors.ts'
import type { Finish } from '../../values.ts'
import { appendOutput, claimNext, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { HOUR_MS, ending, eventTypesOf, eventsOf, everything, logOf, readAll, recordOf } from './look.ts'

const provisional = { head: { status: 503, headers: [['A', 'b']] as const }, body: Buffer.from('busy') }
const succeeded: Finish = { state: 'succeeded', answerAttempt: 1, statusCode: 200 }

export const leavingContract = (engine: Engine): void => {
  describe('a finish', () => {
    test('ends the job and records how', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.finish(
        claim,
        { state: 'failed', answerAttempt: null, errorCode: 'stall', errorMessage: 'fell silent' },
        ending(2_000),
      )
      expect(await recordOf(store, job)).toMatchObject({
        state: 'failed',
        answerAttempt: null,
        statusCode: null,
        errorCode: 'stall',
        errorMessage: 'fell silent',
        finishedAt: 2_000,
        expiresAt: 2_000 + HOUR_MS,
      })
      expect(await store.queue.claimed(claim.token)).toEqual([])
      // By it, a reader knows that it still reads the same attempt.
      expect(await store.output.view(job.seq)).toMatchObject({ attempt: 1, token: claim.token })
      expect((await eventsOf(store, job)).at(-1)).toEqual({
        type: 'failed',
        attempt: 1,
        code: 'stall',
        at: 2_000,
      })
    })

    test('records the status and the token counts of the answer', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      const usage = { promptTokens: 3, completionTokens: 5 }
      await store.runs.finish(claim, { ...succeeded, usage }, ending(2_000))
      expect(await recordOf(store, job)).toMatchObject({
        ...usage,
        state: 'succeeded',
        answerAttempt: 1,
        statusCode: 200,
        errorCode: null,
        errorMessage: null,
      })
      expect((await eventsOf(store, job)).at(-1)).toEqual({ type: 'succeeded', attempt: 1, at: 2_000 })
    })

    test('appends the output that it brings before the end is logged', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      const after = await appendOutput(store, claim, { head: provisional.head })
      const output = { body: [Buffer.from('bu'), Buffer.from('sy')] }
      const end: Finish = { state: 'failed', answerAttempt: 1, statusCode: 503, after, output }
      for (let times = 0; times < 2; times++) await store.runs.finish(claim, end, ending(2_000))
      expect((await readAll(store, job)).pieces).toEqual(['head 503', 'busy'])
      const log = await logOf(store, job)
      expect(log.map(entry => (entry.kind === 'event' ? entry.event.type : entry.kind))).toEqual([
        'queued',
        'started',
        'head',
        'body',
        'failed',
      ])
    })

    test('appends a whole answer', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      const output = { head: provisional.head, body: [provisional.body] }
      await store.runs.finish(claim, { ...succeeded, output }, ending(2_000))
      expect((await readAll(store, job)).pieces).toEqual(['head 503', 'busy'])
    })

    test('behind an entry that is not there tells that the job is lost, and changes nothing', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { claim } = await runningJob(store)
      const after = await appendOutput(store, claim, { head: provisional.head })
      const before = await everything(tested)
      for (const output of [undefined, { body: [Buffer.from('a')] }]) {
        const lost = store.runs.finish(claim, { ...succeeded, after: after + 1, output }, ending(2_000))
        await expect(lost).rejects.toThrow(JobLostError)
        expect(await everything(tested)).toEqual(before)
      }
      await store.runs.finish(claim, { ...succeeded, after }, ending(2_000))
      expect(await recordOf(store, claim)).toMatchObject({ state: 'succeeded' })
    })

    test('clears a requested cancellation', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.submissions.cancel(job, ending(1_500))
      await store.runs.finish(claim, succeeded, ending(2_000))
      expect(await recordOf(store, job)).toMatchObject({ state: 'succeeded', cancelRequestedAt: null })
      expect(await store.runs.cancelRequests()).toEqual([])
    })
  })

  describe('a release', () => {
    test('puts the job back at its old place', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      await submitJob(store)
      const back = { code: 'target_away', spent: false } as const
      expect(await store.runs.release(claim, back, ending(2_000))).toBe('queued')
      expect(await store.queue.claimed(claim.token)).toEqual([])
      expect(await store.output.view(claim.seq)).toMatchObject({ attempt: 1, token: claim.token })
      expect((await claimNext(store, 'm', 3_000))?.seq).toBe(claim.seq)
    })

    test.each([
      [true, 1],
      [false, 0],
    ])('counts the attempt if it was spent (%s)', async (spent, failedAttempts) => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'stall', spent }, ending(2_000))
      expect((await eventsOf(store, job)).at(-1)).toEqual({
        type: 'released',
        attempt: 1,
        code: 'stall',
        at: 2_000,
      })
      expect(await claimNext(store, 'm', 3_000)).toMatchObject({ attempt: 2, failedAttempts })
    })

    test('with a delay keeps the job back until it is due', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'stall', spent: true, availableAt: 2_500 }, ending(2_000))
      expect((await eventsOf(store, job)).at(-1)).toEqual({
        type: 'released',
        attempt: 1,
        code: 'stall',
        availableAt: 2_500,
        at: 2_000,
      })
      const isWaiting = async () => (await store.queue.waitingLines()).length === 1
      const promote = (now: number) => store.queue.promoteDue({ now, maxDelayMs: 60_000 })
      expect(await isWaiting()).toBe(false)
      expect(await promote(2_499)).toBe(2_500)
      expect(await isWaiting()).toBe(false)
      expect(await promote(2_500)).toBeUndefined()
      expect(await isWaiting()).toBe(true)
    })

    test('with an answer makes it the best so far, until a later attempt brings another', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      const busy = { code: 'target_busy', spent: true, provisional } as const
      await store.runs.release(claim, busy, ending(2_000))
      const second = (await claimNext(store, 'm', 3_000))!
      expect(second.answerAttempt).toBe(1)
      await store.runs.release(second, { code: 'stall', spent: true }, ending(4_000))
      const third = (await claimNext(store, 'm', 5_000))!
      expect(third.answerAttempt).toBe(1)
      await store.runs.release(third, busy, ending(6_000))
      expect((await claimNext(store, 'm', 7_000))?.answerAttempt).toBe(3)
    })

    test('of a job whose cancellation was requested meanwhile ends the job', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.submissions.cancel(job, ending(1_500))
      const back = { code: 'target_busy', spent: true, provisional } as const
      expect(await store.runs.release(claim, back, ending(2_000))).toBe('cancelled')
      expect(await recordOf(store, job)).toMatchObject({
        state: 'cancelled',
        errorCode: 'cancelled',
        answerAttempt: null,
        expiresAt: 2_000 + HOUR_MS,
      })
      expect(await store.queue.waitingLines()).toEqual([])
      expect(await store.runs.cancelRequests()).toEqual([])
      expect((await logOf(store, job)).filter(({ kind }) => kind !== 'event')).toEqual([])
      expect(await eventTypesOf(store, job)).toEqual(['queued', 'started', 'cancel_requested', 'cancelled'])
    })
  })
}
