import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { appendOutput, claimNext, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventsOf, recordOf, stateOf } from './look.ts'

const head = { status: 200, headers: [] }
const x = Buffer.from('x')
const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }
const busy = { code: 'target_busy', spent: true, provisional } as const
const nothing = { requeued: 0, failed: 0, cancelled: 0, broken: [] }

/** What the next claim would get while another job runs. */
const nextBesideOthers = async ({ queue }: Store) => {
  const request = { groupKey: 'm', priority: 1, token: 't', upTo: 1, isIdle: false, turnStartedAt: 1 }
  return queue.claim({ ...request, reason: 'first' }, 9_000)
}

export const requeueLostContract = (engine: Engine): void => {
  describe('a job that a dead worker left running', () => {
    test('is ready at once; the loss is counted and no attempt is spent', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      expect(await store.runs.requeueLost(ending(2_000))).toEqual({ ...nothing, requeued: 1 })
      expect(await recordOf(store, job)).toMatchObject({
        state: 'queued',
        lostCount: 1,
        failedAttempts: 0,
        availableAt: null,
      })
      expect(await store.queue.claimed(claim.token)).toEqual([])
      expect(await store.output.view(job.seq)).toMatchObject({ attempt: 1, token: claim.token })
      expect((await eventsOf(store, job)).slice(-2)).toEqual([
        { type: 'lost', attempt: 1, at: 2_000 },
        { type: 'released', attempt: 1, code: 'worker_lost', at: 2_000 },
      ])
    })

    test('goes back to its old place', async () => {
      const { store } = await engine.create()
      const { job } = await runningJob(store)
      await submitJob(store)
      await store.runs.requeueLost(ending(2_000))
      expect((await claimNext(store))?.seq).toBe(job.seq)
    })

    test('together with others does not count the loss, and runs alone from then on', async () => {
      const { store } = await engine.create()
      const jobs = [await runningJob(store), await runningJob(store)].map(({ job }) => job)
      expect(await store.runs.requeueLost(ending(2_000))).toMatchObject({ requeued: 2 })
      for (const job of jobs)
        expect(await recordOf(store, job)).toMatchObject({ lostCount: 0, runsAlone: true })
      expect(await nextBesideOthers(store)).toEqual({ claims: [], awaited: jobs[0]!.seq })
      expect(await claimNext(store, 'm', 2_000)).toMatchObject({ seq: jobs[0]!.seq, runsAlone: true })
    })

    test('fails at the third loss of its own, not counting the one that it shared', async () => {
      const { store } = await engine.create()
      const jobs = []
      for (let job = 0; job < 2; job++) jobs.push((await runningJob(store, { streaming: false })).job)
      await store.runs.requeueLost(ending(2_000))
      for (const expected of [{ requeued: 1 }, { requeued: 1 }, { failed: 1 }]) {
        await claimNext(store, 'm', 2_000)
        expect(await store.runs.requeueLost(ending(2_000))).toMatchObject(expected)
      }
      const [killer, innocent] = jobs
      expect(await recordOf(store, killer!)).toMatchObject({
        state: 'failed',
        attempt: 4,
        errorCode: 'worker_lost',
      })
      expect(await recordOf(store, innocent!)).toMatchObject({ state: 'queued', attempt: 1, lostCount: 0 })
    })

    test('that runs alone counts its loss, whatever else is said to run', async () => {
      const { store } = await engine.create()
      const { job } = await runningJob(store)
      await runningJob(store)
      await store.runs.requeueLost(ending(2_000))
      await claimNext(store, 'm', 3_000)
      await runningJob(store, { groupKey: 'other' })
      await store.runs.requeueLost(ending(4_000))
      expect(await recordOf(store, job)).toMatchObject({ lostCount: 1, runsAlone: true })
    })

    test('goes on running alone after the target has failed it', async () => {
      const { store } = await engine.create()
      const { seq } = (await runningJob(store)).job
      await runningJob(store)
      await store.runs.requeueLost(ending(2_000))
      const claim = (await claimNext(store, 'm', 2_000))!
      await store.runs.release(claim, { code: 'target_busy', spent: true }, ending(3_000))
      expect(await nextBesideOthers(store)).toEqual({ claims: [], awaited: seq })
    })

    test('is the only kind of job that requeueLost changes', async () => {
      const { store } = await engine.create()
      const job = await submitJob(store)
      const before = await recordOf(store, job)
      expect(await store.runs.requeueLost(ending(2_000))).toEqual(nothing)
      expect(await recordOf(store, job)).toEqual(before)
    })

    test('fails when it is lost for the third time', async () => {
      const { store } = await engine.create()
      const { job } = await runningJob(store, { streaming: false })
      for (const expected of [{ requeued: 1 }, { requeued: 1 }, { failed: 1 }]) {
        expect(await store.runs.requeueLost(ending(2_000))).toMatchObject(expected)
        await claimNext(store, 'm', 2_000)
      }
      expect(await recordOf(store, job)).toMatchObject({
        state: 'failed',
        errorCode: 'worker_lost',
        errorMessage: expect.stringMatching(/3 times/) as unknown,
        lostCount: 3,
        attempt: 3,
        answerAttempt: null,
      })
    })

    test('fails with the best answer so far', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, busy, ending(2_000))
      for (let loss = 0; loss < 3; loss++) {
        await claimNext(store, 'm', 2_000)
        await store.runs.requeueLost(ending(2_000))
      }
      expect(await recordOf(store, job)).toMatchObject({ state: 'failed', answerAttempt: 1, attempt: 4 })
    })

    test.each<[streaming: boolean, output: string, state: string]>([
      [true, 'head and body', 'failed'],
      [true, 'head', 'queued'],
      [true, 'nothing', 'queued'],
      [false, 'head and body', 'queued'],
      [false, 'nothing', 'queued'],
    ])('with a streaming caller (%s) and this output so far (%s) becomes %s', async (...row) => {
      const [streaming, output, state] = row
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store, { streaming })
      if (output === 'head') await appendOutput(store, claim, { head })
      if (output === 'head and body') await appendOutput(store, claim, { head, body: x })
      await store.runs.requeueLost(ending(2_000))
      const isFailed = state === 'failed'
      expect(await recordOf(store, job)).toMatchObject({
        state,
        errorCode: isFailed ? 'worker_lost' : null,
        answerAttempt: isFailed ? 1 : null,
      })
    })

    test('runs again although an earlier attempt brought an answer that no caller got', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, busy, ending(2_000))
      await claimNext(store, 'm', 2_000)
      expect(await store.runs.requeueLost(ending(3_000))).toMatchObject({ requeued: 1 })
      expect(await recordOf(store, job)).toMatchObject({ state: 'queued', answerAttempt: 1 })
    })

    test('ends when its cancellation was requested', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await appendOutput(store, claim, { head, body: x })
      await store.submissions.cancel(job, ending(1_500))
      expect(await store.runs.requeueLost(ending(2_000))).toEqual({ ...nothing, cancelled: 1 })
      expect(await recordOf(store, job)).toMatchObject({
        state: 'cancelled',
        lostCount: 1,
        answerAttempt: null,
        cancelRequestedAt: null,
      })
    })

    test('keeps the output that its reader was following, when it ends', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await appendOutput(store, claim, { head, body: x })
      const before = await store.output.read(job.seq, undefined)
      await store.runs.requeueLost(ending(2_000))
      expect(await stateOf(store, job)).toBe('failed')
      // Otherwise a reader would get the same bytes twice.
      expect((await store.output.read(job.seq, before!.cursor))?.pieces).toEqual([])
    })
  })
}
