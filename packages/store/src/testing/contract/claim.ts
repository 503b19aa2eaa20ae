import { describe, expect, test } from 'vitest'
import { newToken } from '../../ids.ts'
import type { Claimed, ClaimRequest } from '../../values.ts'
import { claimNext, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventsOf, everything, recordOf, seqsOf, stateOf, submitAll, submitMany } from './look.ts'

const requestOf = (differing: Partial<ClaimRequest> = {}): ClaimRequest => ({
  groupKey: 'm',
  priority: 1,
  token: newToken(),
  upTo: 1,
  isIdle: true,
  reason: 'first',
  turnStartedAt: 1_000,
  ...differing,
})

/** What a claim gave, by the numbers of its jobs. */
const summary = ({ claims, ...rest }: Claimed) => ({ claims: seqsOf(claims), ...rest })

export const claimContract = (engine: Engine): void => {
  describe('a claim', () => {
    test('takes the oldest job of the group', async () => {
      const { store } = await engine.create()
      const jobs = await submitAll(store, [{ groupKey: 'a' }, { groupKey: 'b' }, { groupKey: 'b' }])
      expect((await claimNext(store, 'b', 2_000))?.seq).toBe(jobs[1]!.seq)
      expect((await claimNext(store, 'b', 2_000))?.seq).toBe(jobs[2]!.seq)
      expect(await claimNext(store, 'b', 2_000)).toBeUndefined()
      expect(await store.queue.waitingLines()).toMatchObject([{ groupKey: 'a' }])
    })

    test('gives the job its token, and logs the reason for the choice', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      expect(await recordOf(store, job)).toMatchObject({ state: 'running', attempt: 1, startedAt: 1_000 })
      expect(await store.output.view(job.seq)).toMatchObject({ attempt: 1, token: claim.token })
      expect((await eventsOf(store, job)).slice(1)).toEqual([
        { type: 'started', attempt: 1, reason: 'first', at: 1_000 },
      ])
      await store.runs.release(claim, { code: 'target_away', spent: false }, ending(2_000))
      const token = newToken()
      const next = (await claimNext(store, 'm', 3_000, { reason: 'resident', token }))!
      expect(next).toMatchObject({ attempt: 2, token })
      expect(await store.output.view(job.seq)).toMatchObject({ attempt: 2, token })
      expect((await eventsOf(store, job)).slice(3)).toEqual([
        { type: 'reset', attempt: 2, at: 3_000 },
        { type: 'started', attempt: 2, reason: 'resident', at: 3_000 },
      ])
    })

    test('records which group has the turn, for the next worker', async () => {
      const { store } = await engine.create()
      expect(await store.queue.turn()).toBeUndefined()
      await submitJob(store, { groupKey: 'g' })
      expect(await store.queue.claim(requestOf({ groupKey: 'nothing' }), 2_000)).toEqual({ claims: [] })
      expect(await store.queue.turn()).toBeUndefined()
      await claimNext(store, 'g', 2_000, { turnStartedAt: 1_500 })
      expect(await store.queue.turn()).toEqual({ groupKey: 'g', startedAt: 1_500 })
    })

    test('that finds nothing changes nothing', async () => {
      const tested = await engine.create()
      const { job } = await runningJob(tested.store)
      await submitJob(tested.store, { groupKey: 'other' })
      const before = await everything(tested)
      const claim = requestOf({ upTo: 9, awaited: job.seq, turnStartedAt: 2_000 })
      expect(await tested.store.queue.claim(claim, 2_000)).toEqual({ claims: [] })
      expect(await everything(tested)).toEqual(before)
    })

    test('starts the tokens of the job anew', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.progress(claim, { tokens: 7, now: 2_000 })
      await store.runs.release(claim, { code: 'stall', spent: true }, ending(2_000))
      await claimNext(store, 'm', 3_000)
      expect((await recordOf(store, job)).tokens).toBeNull()
    })
  })

  describe('a claim of several jobs', () => {
    test('takes the oldest of one line, and never more than it was asked for', async () => {
      const { store } = await engine.create()
      const jobs = await submitAll(store, [
        { priority: 'low' },
        {},
        { groupKey: 'other' },
        {},
        { priority: 'high' },
        {},
      ])
      const token = newToken()
      const first = await store.queue.claim(requestOf({ upTo: 2, token }), 2_000)
      expect(summary(first)).toEqual({ claims: seqsOf([jobs[1]!, jobs[3]!]) })
      expect(first.claims.map(claim => claim.token)).toEqual([token, token])
      expect(summary(await store.queue.claim(requestOf({ upTo: 9 }), 2_000))).toEqual({
        claims: [jobs[5]!.seq],
      })
      const states = await Promise.all(jobs.map(job => stateOf(store, job)))
      expect(states).toEqual(['queued', 'running', 'queued', 'running', 'queued', 'running'])
    })

    test('can be asked for by its token, as long as the jobs run', async () => {
      const { store } = await engine.create()
      const [one, two, three] = await submitAll(store, [{}, {}, {}])
      const token = newToken()
      const { claims } = await store.queue.claim(requestOf({ upTo: 2, token }), 2_000)
      await store.queue.claim(requestOf(), 2_000)
      expect(await store.queue.claimed(token)).toEqual(claims)
      expect(seqsOf(claims)).toEqual(seqsOf([one!, two!]))
      await store.runs.finish(claims[0]!, { state: 'succeeded', answerAttempt: 1 }, ending(3_000))
      expect(seqsOf(await store.queue.claimed(token))).toEqual([two!.seq])
      expect(await store.queue.claimed(newToken())).toEqual([])
      expect(await stateOf(store, three!)).toBe('running')
    })

    test('leaves out what is delayed or has ended', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'stall', spent: true, availableAt: 9_000 }, ending(1_000))
      const [cancelled, ready] = await submitAll(store, [{}, {}])
      await store.submissions.cancel(cancelled!, ending(1_000))
      expect(summary(await store.queue.claim(requestOf({ upTo: 9 }), 2_000))).toEqual({
        claims: [ready!.seq],
      })
    })

    test('of two processes at the same time never gives a job twice', async () => {
      const tested = await engine.create()
      const other = await tested.open({ role: 'worker' })
      const jobs = await submitMany(tested.store, 20)
      const claimed = await Promise.all(
        [tested.store, other, tested.store, other].map(store =>
          store.queue.claim(requestOf({ upTo: 7 }), 2_000),
        ),
      )
      const seqs = claimed.flatMap(({ claims }) => seqsOf(claims))
      expect(seqs.toSorted((a, b) => a - b)).toEqual(seqsOf(jobs))
    })
  })

  describe('the awaited job', () => {
    test('comes before more urgent ones, whatever its line, and the line of the claim follows', async () => {
      const { store } = await engine.create()
      const [first, awaited, urgent] = await submitAll(store, [{}, { priority: 'low' }, { priority: 'high' }])
      const request = requestOf({ priority: 0, upTo: 2, awaited: awaited!.seq })
      expect(summary(await store.queue.claim(request, 2_000))).toEqual({
        claims: seqsOf([awaited!, urgent!]),
      })
      expect(await stateOf(store, first!)).toBe('queued')
    })

    test.each<[what: string, groupKey: string, cancelled: boolean]>([
      ['is no longer ready', 'm', true],
      ['is of another group', 'other', false],
    ])('is passed over when it %s', async (_what, groupKey, cancelled) => {
      const { store } = await engine.create()
      const awaited = await submitJob(store, { groupKey })
      if (cancelled) await store.submissions.cancel(awaited, ending(1_000))
      const { seq } = await submitJob(store)
      expect((await claimNext(store, 'm', 2_000, { awaited: awaited.seq }))?.seq).toBe(seq)
    })
  })

  describe('a job that runs alone', () => {
    /** Two jobs that were lost together, and one that was submitted later. */
    const setUp = async () => {
      const { store } = await engine.create()
      const lost = [await runningJob(store), await runningJob(store)].map(({ job }) => job)
      await store.runs.requeueLost(ending(2_000))
      return { store, lost, later: await submitJob(store) }
    }

    test('is claimed by itself when nothing runs', async () => {
      const { store, lost } = await setUp()
      const { claims, ...rest } = await store.queue.claim(requestOf({ upTo: 9 }), 3_000)
      expect([seqsOf(claims), rest]).toEqual([[lost[0]!.seq], {}])
      expect(claims[0]!.runsAlone).toBe(true)
    })

    test('is awaited while something runs, and keeps what is behind it waiting', async () => {
      const { store, lost } = await setUp()
      expect(summary(await store.queue.claim(requestOf({ upTo: 9, isIdle: false }), 3_000))).toEqual({
        claims: [],
        awaited: lost[0]!.seq,
      })
      expect(await stateOf(store, lost[0]!)).toBe('queued')
    })

    test('ends the claim of the jobs before it', async () => {
      const { store, lost, later } = await setUp()
      const request = requestOf({ upTo: 9, awaited: later.seq })
      expect(summary(await store.queue.claim(request, 3_000))).toEqual({
        claims: [later.seq],
        awaited: lost[0]!.seq,
      })
    })

    test('comes first when it is awaited, and then alone', async () => {
      const { store, lost } = await setUp()
      const request = requestOf({ priority: 0, upTo: 9, awaited: lost[1]!.seq })
      await submitJob(store, { priority: 'high' })
      expect(summary(await store.queue.claim(request, 3_000))).toEqual({ claims: [lost[1]!.seq] })
    })
  })
}
