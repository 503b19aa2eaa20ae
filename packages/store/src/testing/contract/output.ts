import { describe, expect, test } from 'vitest'
import type { OutputCursor, OutputRead } from '../../values.ts'
import { appendOutput, appendPieces, claimNext, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, readAll } from './look.ts'

const head = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] as const }
const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }

export const outputContract = (engine: Engine): void => {
  describe('a reader of output', () => {
    test('of a job that does not exist gets nothing', async () => {
      const { store } = await engine.create()
      expect(await store.output.read(1, undefined)).toBeUndefined()
      expect(await store.output.view(1)).toBeUndefined()
    })

    test('of a queued job gets the job without output', async () => {
      const { store } = await engine.create()
      const { seq, id } = await submitJob(store)
      const job = {
        id,
        state: 'queued',
        attempt: 0,
        token: null,
        answerAttempt: null,
        errorCode: null,
        errorMessage: null,
        createdAt: 1_000,
        startedAt: null,
        startReason: null,
        behindModel: null,
        behindSince: null,
      }
      expect(await store.output.view(seq)).toEqual(job)
      expect(await store.output.read(seq, undefined)).toEqual({
        job,
        cursor: undefined,
        pieces: [],
        more: false,
      })
    })

    test('gets head and bytes in order, and continues at its cursor', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      expect((await readAll(store, job)).pieces).toEqual([])
      await appendOutput(store, claim, { head, body: Buffer.from('a') })
      const first = await readAll(store, job)
      expect(first.pieces).toEqual(['head 200', 'a'])
      await store.submissions.cancel(job, ending(1_500))
      await appendOutput(store, claim, { body: Buffer.from('b') })
      const second = await readAll(store, job, first.cursor)
      expect(second.pieces).toEqual(['b'])
      await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(2_000))
      expect(await readAll(store, job, second.cursor)).toMatchObject({ pieces: [], state: 'succeeded' })
      expect((await readAll(store, job)).pieces).toEqual(['head 200', 'a', 'b'])
    })

    test('gets at most 2 MiB at a time', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await appendOutput(store, claim, { head, body: Buffer.alloc(5_000_000, 'x') })
      const { pieces } = (await store.output.read(job.seq, undefined))!
      const bytes = pieces.map(piece => (piece.kind === 'body' ? piece.bytes.byteLength : 0))
      expect(pieces.length).toBeLessThanOrEqual(32)
      expect(bytes.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(2 * 1024 * 1024)
      expect((await readAll(store, job)).pieces.join('')).toHaveLength('head 200'.length + 5_000_000)
    })

    test('gets 32 pieces at a time, and fewer only when there are no more', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      const pieces = Array.from({ length: 69 }, (_, at) => Buffer.from(`${at} `))
      await appendPieces(store, claim, { head, pieces })
      const reads = []
      let cursor: OutputCursor | undefined
      for (let at = 0; at < 4; at++) {
        const read: OutputRead = (await store.output.read(job.seq, cursor))!
        reads.push([read.pieces.length, read.more])
        cursor = read.cursor
      }
      expect(reads).toEqual([
        [32, true],
        [32, true],
        [6, false],
        [0, false],
      ])
    })

    test('of an ended job gets the output of the attempt that is the answer', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, ending(1_000))
      expect((await readAll(store, job)).pieces).toEqual([])
      const second = (await claimNext(store, 'm', 2_000))!
      await appendOutput(store, second, { head })
      await store.runs.finish(
        second,
        { state: 'failed', answerAttempt: 1, errorCode: 'stall' },
        ending(3_000),
      )
      expect(await readAll(store, job)).toMatchObject({ pieces: ['head 503', 'busy'], state: 'failed' })
    })

    test('of a job that ended without an answer gets none', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await appendOutput(store, claim, { head, body: Buffer.from('half') })
      await store.runs.finish(claim, { state: 'cancelled', answerAttempt: null }, ending(2_000))
      expect(await readAll(store, job)).toEqual({ pieces: [], cursor: undefined, state: 'cancelled' })
    })

    test('gets only the output of its own job', async () => {
      const { store } = await engine.create()
      const runs = [await runningJob(store, { groupKey: 'a' }), await runningJob(store, { groupKey: 'b' })]
      for (const text of ['1', '2']) {
        for (const { claim } of runs)
          await appendOutput(store, claim, { head, body: Buffer.from(`${claim.groupKey}${text}`) })
      }
      const bodies = await Promise.all(
        runs.map(async ({ job }) =>
          (await readAll(store, job)).pieces.filter(piece => !piece.startsWith('head')),
        ),
      )
      expect(bodies).toEqual([
        ['a1', 'a2'],
        ['b1', 'b2'],
      ])
    })
  })

  describe('a cursor', () => {
    test('names the attempt, its token, and the last piece', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      const { token } = claim
      expect((await readAll(store, job)).cursor).toEqual({ attempt: 1, token, after: 0 })
      const after = await appendOutput(store, claim, { head, body: Buffer.from('a') })
      expect((await readAll(store, job)).cursor).toEqual({ attempt: 1, token, after })
    })

    test('of the attempt before starts at the beginning, and brings nothing of that attempt', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store, { streaming: false })
      await appendOutput(store, claim, { head, body: Buffer.from('first') })
      const { cursor } = await readAll(store, job)
      await store.runs.requeueLost(ending(2_000))
      expect(await readAll(store, job, cursor)).toEqual({ pieces: [], cursor: undefined, state: 'queued' })
      const second = (await claimNext(store, 'm', 2_000))!
      await appendOutput(store, second, { head: { ...head, status: 201 }, body: Buffer.from('second') })
      expect((await readAll(store, job, cursor)).pieces).toEqual(['head 201', 'second'])
    })

    test('of the same number and another token starts at the beginning', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await appendOutput(store, claim, { head, body: Buffer.from('a') })
      const { cursor } = await readAll(store, job)
      for (const token of ['the token of a claim that was lost in a crash', null]) {
        const read = await store.output.read(job.seq, { ...cursor!, token })
        expect(read).toMatchObject({ cursor, pieces: [{ kind: 'head' }, { kind: 'body' }] })
      }
      await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(2_000))
      expect((await readAll(store, job, { ...cursor!, token: 'another' })).pieces).toHaveLength(2)
      expect((await readAll(store, job, cursor)).pieces).toEqual([])
    })

    test('of an attempt before the last is known by its number', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, ending(1_000))
      const second = (await claimNext(store, 'm', 2_000))!
      await store.runs.finish(second, { state: 'failed', answerAttempt: 1 }, ending(3_000))
      const { pieces, cursor } = (await store.output.read(job.seq, undefined))!
      expect(cursor).toEqual({ attempt: 1, token: null, after: pieces.at(-1)!.id })
      for (const token of [null, claim.token, second.token]) {
        const behindHead = { attempt: 1, token, after: pieces[0]!.id }
        expect((await readAll(store, job, behindHead)).pieces).toEqual(['busy'])
      }
    })
  })
}
