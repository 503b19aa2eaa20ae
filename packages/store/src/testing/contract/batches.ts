import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { ArrivalLostError } from '../../errors.ts'
import { newBatchId } from '../../ids.ts'
import type { Added, BatchOrigin, NewJob, Submitted } from '../../values.ts'
import { claimNext, newJob, type TestJob } from '../jobs.ts'
import type { Engine, TestedStore } from './engine.ts'
import { ending, HOUR_MS, recordOf, stateOf, upkeep } from './look.ts'

const NOW = 1_000_000
const DAY_MS = 24 * HOUR_MS
const SILENCE_MS = 30_000
const groupKeyOf = () => 'm'
const NONE = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, refused: 0 }

const linesOf = (count: number, differing: (line: number) => TestJob = () => ({})): NewJob[] =>
  Array.from({ length: count }, (_, index) =>
    newJob({ line: { line: index + 1, customId: `c${index + 1}` }, ...differing(index + 1) }),
  )

const keyed = (line: number): TestJob => ({ idempotency: { key: `${line} of k`, hash: Buffer.from('x') } })

const submitBatch = async (
  store: Store,
  jobs: readonly NewJob[],
  { caller = 'ann', now = NOW } = {},
): Promise<{ id: string; jobs: Submitted[] }> => {
  const id = newBatchId(now)
  const submitted = await store.submissions.enqueue({
    jobs,
    groupKeyOf,
    now,
    batch: { id, caller, createdAt: now },
  })
  return { id, jobs: submitted }
}

const batchOf = async (store: Store, id: string) => {
  const batch = await store.batches.byId(id)
  if (!batch) throw new Error(`there is no batch ${id}`)
  return batch
}

/** An arrival of a batch, to which nothing has been added yet. */
const arriving = async ({ store }: TestedStore, origin?: BatchOrigin) => {
  const { arrivals } = store.submissions
  const id = newBatchId(NOW)
  const arrival = await arrivals.begin(NOW, { id, caller: 'ann', createdAt: NOW, origin })
  const add = (jobs: readonly NewJob[], refused: Parameters<typeof arrivals.add>[0]['refused'] = []) =>
    arrivals.add({ arrival, jobs, groupKeyOf, now: NOW, batch: id, refused })
  const accept = (jobs: readonly Submitted[], replay?: number) => {
    const witness = jobs[0]?.seq
    const added: Added = { jobs: jobs.length, parts: 0, witness, batch: { id, replay, at: NOW } }
    return arrivals.accept(arrival, added)
  }
  return { id, arrival, arrivals, add, accept }
}

/** Cancels a batch, step by step. @returns how many steps it took */
const cancelAll = async (store: Store, id: string, now: number): Promise<number> => {
  const batch = await batchOf(store, id)
  let steps = 0
  for (let after: number | undefined = 0; after !== undefined; steps++)
    after = await store.batches.cancel(batch, after, ending(now))
  return steps
}

const refused = { line: 2, errorCode: 'invalid_json', errorMessage: 'not JSON' }
const origin = (inputFile = 0): BatchOrigin => ({
  endpoint: '/v1/chat/completions',
  inputFile,
  completionWindow: '24h',
  metadata: '{"a":1.0}',
})

export const batchesContract = (engine: Engine): void => {
  describe('a batch', () => {
    test('is there with its jobs, in their order', async () => {
      const { store } = await engine.create()
      const { id, jobs } = await submitBatch(store, linesOf(3))
      const batch = await batchOf(store, id)
      expect(batch).toEqual({
        seq: batch.seq,
        id,
        caller: 'ann',
        createdAt: NOW,
        jobs: 3,
        cancelRequestedAt: null,
        finishedAt: null,
        endpoint: null,
        inputFile: null,
        completionWindow: null,
        metadata: null,
      })
      expect(await store.batches.ofJob(jobs[1]!)).toEqual(batch)
      expect((await recordOf(store, jobs[1]!)).batch).toBe(batch.id)
      expect(await store.batches.counts(batch)).toEqual({ ...NONE, queued: 3 })
      expect(await store.batches.lastQueued(batch)).toBe(jobs[2]!.seq)
      const lines = await store.batches.lines(batch, 1, 10)
      expect(lines.map(({ line, customId, jobSeq }) => [line, customId, jobSeq])).toEqual([
        [2, 'c2', jobs[1]!.seq],
        [3, 'c3', jobs[2]!.seq],
      ])
      expect(await store.batches.lines(batch, 0, 2)).toHaveLength(2)
    })

    test('is listed with the newest first, for its caller or for all', async () => {
      const tested = await engine.create()
      const { store } = tested
      const first = await submitBatch(store, linesOf(1))
      const { id: withOrigin, add, accept } = await arriving(tested, origin())
      await accept(await add(linesOf(1)))
      const other = await submitBatch(store, linesOf(1), { caller: 'bob' })
      const list = async (filter: object) =>
        (await store.batches.list({ limit: 10, withOrigin: false, ...filter })).map(({ id }) => id)
      expect(await list({})).toEqual([other.id, withOrigin, first.id])
      expect(await list({ caller: 'ann' })).toEqual([withOrigin, first.id])
      expect(await list({ caller: 'ann', withOrigin: true })).toEqual([withOrigin])
      const { seq } = await batchOf(store, other.id)
      expect(await list({ before: seq })).toEqual([withOrigin, first.id])
      expect(await list({ before: seq, limit: 1 })).toEqual([withOrigin])
    })

    test('has ended when its last job has', async () => {
      const { store } = await engine.create()
      const { id, jobs } = await submitBatch(store, linesOf(2))
      const batch = await batchOf(store, id)
      const claim = (await claimNext(store, 'm', NOW))!
      expect(await store.batches.counts(batch)).toEqual({ ...NONE, queued: 1, running: 1 })
      await store.submissions.cancel(jobs[1]!, ending(NOW + 1))
      expect(await store.batches.noteEnd(batch)).toBeUndefined()
      await store.runs.finish(claim, { state: 'succeeded', answerAttempt: null }, ending(NOW + 5))
      expect(await store.batches.counts(batch)).toEqual({ ...NONE, succeeded: 1, cancelled: 1 })
      expect(await store.batches.lastQueued(batch)).toBeUndefined()
      expect(await store.batches.noteEnd(batch)).toBe(NOW + 5)
      expect((await batchOf(store, id)).finishedAt).toBe(NOW + 5)
    })

    test('of jobs outside any batch is none', async () => {
      const { store } = await engine.create()
      const [job] = await store.submissions.enqueue({ jobs: [newJob()], groupKeyOf, now: NOW })
      expect(await store.batches.ofJob(job!)).toBeUndefined()
      expect(await store.batches.byId('batch_0')).toBeUndefined()
    })

    test('that is submitted again with its keys is the same batch', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { id, jobs } = await submitBatch(store, linesOf(2, keyed))
      const before = await tested.counts()
      const again = await submitBatch(store, linesOf(2, keyed))
      expect(again.jobs.map(({ seq, isReplayed }) => [seq, isReplayed])).toEqual(
        jobs.map(({ seq }) => [seq, true]),
      )
      expect(await tested.counts()).toEqual(before)
      expect((await store.batches.ofJob(again.jobs[0]!))?.id).toBe(id)
    })

    test('gets new jobs in the lines whose keys have let go, and is not cancelled any more', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { id, jobs } = await submitBatch(store, linesOf(3, keyed))
      const claim = (await claimNext(store, 'm', NOW))!
      await cancelAll(store, id, NOW + 1)
      await store.runs.finish(
        claim,
        { state: 'succeeded', answerAttempt: null, statusCode: 200 },
        ending(NOW + 2),
      )
      const batch = await batchOf(store, id)
      await store.batches.noteEnd(batch)
      const viaArrival = await arriving(tested)
      const again = await viaArrival.add(linesOf(3, keyed))
      expect(again.map(({ isReplayed }) => isReplayed)).toEqual([true, false, false])
      await viaArrival.accept(again.slice(1), again[0]!.seq)
      expect(await store.batches.byId(viaArrival.id)).toBeUndefined()
      expect(await batchOf(store, id)).toEqual({ ...batch, cancelRequestedAt: null })
      expect(await store.batches.counts(batch)).toEqual({ ...NONE, queued: 2, succeeded: 1 })
      const lines = await store.batches.lines(batch, 0, 10)
      expect(lines.map(({ jobSeq }) => jobSeq)).toEqual([jobs[0]!.seq, again[1]!.seq, again[2]!.seq])
      expect((await recordOf(store, jobs[1]!)).batch).toBeNull()
      expect((await tested.counts()).batches).toBe(1)
    })

    test('that was cancelled as a whole becomes another one when it is submitted again', async () => {
      const { store } = await engine.create()
      const { id } = await submitBatch(store, linesOf(2, keyed))
      await cancelAll(store, id, NOW)
      const again = await submitBatch(store, linesOf(2, keyed))
      expect((await store.batches.ofJob(again.jobs[0]!))?.id).toBe(again.id)
      expect(await store.batches.counts(await batchOf(store, id))).toEqual({ ...NONE, cancelled: 2 })
    })

    test('of one call that is repeated is one batch', async () => {
      const tested = await engine.create()
      const jobs = linesOf(2)
      const batch = { id: newBatchId(NOW), caller: 'ann', createdAt: NOW }
      const submit = () => tested.store.submissions.enqueue({ jobs, groupKeyOf, now: NOW, batch })
      const first = await submit()
      const before = [await tested.counts(), await batchOf(tested.store, batch.id)]
      expect(await submit()).toEqual(first)
      expect([await tested.counts(), await batchOf(tested.store, batch.id)]).toEqual(before)
    })
  })

  describe('a batch that arrives in steps', () => {
    test('is there once it is accepted, with the lines that are no jobs', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { id, add, accept } = await arriving(tested, origin())
      const [first] = await add([newJob({ line: { line: 1, customId: 'c1' } })], [refused])
      const [second] = await add([newJob({ line: { line: 3 } })])
      expect(await store.batches.byId(id)).toBeUndefined()
      expect(await store.batches.ofJob(first!)).toBeUndefined()
      expect(await store.batches.list({ limit: 10, withOrigin: false })).toEqual([])
      await accept([first!, second!])
      await accept([first!, second!])
      const batch = await batchOf(store, id)
      expect(batch).toMatchObject({
        jobs: 2,
        endpoint: '/v1/chat/completions',
        completionWindow: '24h',
        metadata: '{"a":1.0}',
      })
      expect(await store.batches.counts(batch)).toEqual({ ...NONE, queued: 2, refused: 1 })
      const empty = { customId: null, jobSeq: null, errorCode: null, errorMessage: null }
      expect(await store.batches.lines(batch, 0, 10)).toEqual([
        { ...empty, line: 1, customId: 'c1', jobSeq: first!.seq },
        { ...empty, ...refused },
        { ...empty, line: 3, jobSeq: second!.seq },
      ])
    })

    test.each([
      ['is discarded', true, NOW],
      ['is given up', false, NOW + SILENCE_MS + 1],
    ])('is not there when it %s', async (_what, isDiscarded, now) => {
      const tested = await engine.create()
      const before = await tested.counts()
      const { id, arrival, arrivals, add, accept } = await arriving(tested)
      const jobs = await add(linesOf(2), [{ ...refused, line: 3 }])
      if (isDiscarded) await arrivals.discard(arrival)
      await upkeep(tested.store, now)
      await expect(accept(jobs)).rejects.toThrow(ArrivalLostError)
      await upkeep(tested.store, now + SILENCE_MS + 1)
      expect(await tested.store.batches.byId(id)).toBeUndefined()
      expect(await tested.counts()).toEqual(before)
    })

    test('stays as long as jobs are added to it', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { id, arrival, arrivals, add, accept } = await arriving(tested)
      const first = await add(linesOf(1))
      await upkeep(store, NOW + SILENCE_MS)
      const late = { arrival, groupKeyOf, now: NOW + SILENCE_MS, batch: id }
      const second = await arrivals.add({ ...late, jobs: [newJob({ line: { line: 2 } })] })
      await upkeep(store, NOW + 2 * SILENCE_MS)
      await accept([...first, ...second])
      expect((await batchOf(store, id)).jobs).toBe(2)
    })

    test('without jobs has ended at once, and is kept for a day', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { id, add, accept } = await arriving(tested, origin())
      await add([], [refused])
      await accept([])
      const batch = await batchOf(store, id)
      expect(await store.batches.counts(batch)).toEqual({ ...NONE, refused: 1 })
      expect(await store.batches.noteEnd(batch)).toBe(NOW)
      await upkeep(store, NOW + DAY_MS - 1)
      expect(await store.batches.byId(id)).toBeDefined()
      await upkeep(store, NOW + DAY_MS)
      expect(await tested.counts()).toMatchObject({ batches: 0, batchLines: 0 })
    })
  })

  describe('a batch that is cancelled', () => {
    test('ends its queued jobs in steps, and asks for the end of those that run', async () => {
      const { store } = await engine.create()
      const { id, jobs } = await submitBatch(store, linesOf(1_001))
      await claimNext(store, 'm', NOW)
      expect(await cancelAll(store, id, NOW + 1)).toBe(3)
      const batch = await batchOf(store, id)
      expect(batch.cancelRequestedAt).toBe(NOW + 1)
      expect(await store.batches.counts(batch)).toEqual({ ...NONE, running: 1, cancelled: 1_000 })
      expect(await store.runs.cancelRequests()).toEqual([jobs[0]!.seq])
      await cancelAll(store, id, NOW + 2)
      expect((await batchOf(store, id)).cancelRequestedAt).toBe(NOW + 1)
    })

    test('stays as it is when all its jobs have ended', async () => {
      const { store } = await engine.create()
      const { id, jobs } = await submitBatch(store, linesOf(1))
      await store.submissions.cancel(jobs[0]!, ending(NOW))
      expect(await cancelAll(store, id, NOW + 1)).toBe(1)
      expect((await batchOf(store, id)).cancelRequestedAt).toBeNull()
    })
  })

  test('a batch is deleted with the last of its jobs, in steps', async () => {
    const tested = await engine.create()
    const { store } = tested
    const before = await tested.counts()
    const { id, jobs } = await submitBatch(store, linesOf(700))
    const batch = await batchOf(store, id)
    for (const [index, job] of jobs.entries())
      await store.submissions.cancel(job, ending(index === 5 ? NOW + HOUR_MS : NOW))
    await upkeep(store, NOW + HOUR_MS)
    expect(await stateOf(store, jobs[5]!)).toBe('cancelled')
    expect(await store.batches.counts(batch)).toEqual({ ...NONE, cancelled: 1 })
    expect(await batchOf(store, id)).toEqual(batch)
    expect(await store.batches.lines(batch, 0, 1_000)).toHaveLength(700)
    await upkeep(store, NOW + 2 * HOUR_MS)
    expect(await store.batches.byId(id)).toBeUndefined()
    expect(await tested.counts()).toEqual(before)
  })
}
