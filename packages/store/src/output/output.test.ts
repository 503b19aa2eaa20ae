import { describe, expect, test } from 'vitest'
import { HOUR_MS, newJob, runningJob, tempStore } from '../testing/temp-store.ts'
import type { OutputCursor } from './read.ts'

const head = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] as const }

/** Reads until nothing more comes, and returns everything. */
const readAll = ({ store }: ReturnType<typeof tempStore>, seq: number, from?: OutputCursor) => {
  const pieces: string[] = []
  let cursor = from
  for (;;) {
    const read = store.output.read(seq, cursor)
    if (!read) throw new Error('the job does not exist')
    cursor = read.cursor
    if (read.pieces.length === 0) return { pieces, cursor, state: read.job.state }
    pieces.push(
      ...read.pieces.map(piece =>
        piece.kind === 'head' ? `head ${piece.head.status}` : piece.bytes.toString(),
      ),
    )
  }
}

describe('a reader', () => {
  test('of a job that does not exist gets nothing', () => {
    const { store } = tempStore()
    expect(store.output.read(1, undefined)).toBeUndefined()
    expect(store.output.view(1)).toBeUndefined()
  })

  test('of a queued job gets the job without output', () => {
    const { store } = tempStore()
    const { seq, id } = store.submissions.enqueue(newJob(), 1_000)
    const job = { id, state: 'queued', attempt: 0, answerAttempt: null, errorCode: null, errorMessage: null }
    expect(store.output.view(seq)).toEqual(job)
    expect(store.output.read(seq, undefined)).toEqual({ job, cursor: undefined, pieces: [] })
  })

  test('gets head and bytes in order, and continues at its cursor', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    expect(readAll(temp, job.seq).pieces).toEqual([])
    temp.store.runs.append(claim, { head, body: Buffer.from('a') })
    const first = readAll(temp, job.seq)
    expect(first.pieces).toEqual(['head 200', 'a'])
    temp.store.submissions.cancel(job, 1_500, HOUR_MS)
    temp.store.runs.append(claim, { body: Buffer.from('b') })
    const second = readAll(temp, job.seq, first.cursor)
    expect(second.pieces).toEqual(['b'])
    temp.store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, 2_000, HOUR_MS)
    expect(readAll(temp, job.seq, second.cursor)).toMatchObject({ pieces: [], state: 'succeeded' })
    expect(readAll(temp, job.seq).pieces).toEqual(['head 200', 'a', 'b'])
  })

  test('gets at most 2 MiB at a time', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.append(claim, { head, body: Buffer.alloc(5_000_000, 'x') })
    const { pieces } = temp.store.output.read(job.seq, undefined)!
    const bytes = pieces.map(piece => (piece.kind === 'body' ? piece.bytes.byteLength : 0))
    expect(bytes.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(2 * 1024 * 1024)
    expect(readAll(temp, job.seq).pieces.join('')).toHaveLength('head 200'.length + 5_000_000)
  })

  test('starts at the beginning when a new attempt runs, and gets nothing of the one before', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store, { streaming: false })
    temp.store.runs.append(claim, { head, body: Buffer.from('first') })
    const { cursor } = readAll(temp, job.seq)
    temp.store.runs.requeueLost(2_000, HOUR_MS)
    expect(readAll(temp, job.seq, cursor)).toEqual({ pieces: [], cursor: undefined, state: 'queued' })
    const second = temp.store.queue.claimNext('m', 'first', 2_000, 2_000)!
    temp.store.runs.append(second, { head: { ...head, status: 201 }, body: Buffer.from('second') })
    expect(readAll(temp, job.seq, cursor).pieces).toEqual(['head 201', 'second'])
  })

  test('of an ended job gets the output of the attempt that is the answer', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }
    temp.store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, 1_000, HOUR_MS)
    expect(readAll(temp, job.seq).pieces).toEqual([])
    const second = temp.store.queue.claimNext('m', 'first', 2_000, 2_000)!
    temp.store.runs.append(second, { head })
    temp.store.runs.finish(second, { state: 'failed', answerAttempt: 1, errorCode: 'stall' }, 3_000, HOUR_MS)
    expect(readAll(temp, job.seq)).toMatchObject({ pieces: ['head 503', 'busy'], state: 'failed' })
  })

  test('of a job that ended without an answer gets none', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.append(claim, { head, body: Buffer.from('half') })
    temp.store.runs.finish(claim, { state: 'cancelled', answerAttempt: null }, 2_000, HOUR_MS)
    expect(readAll(temp, job.seq)).toEqual({ pieces: [], cursor: undefined, state: 'cancelled' })
  })

  test('gets only the output of its own job', () => {
    const temp = tempStore()
    const runs = ['a', 'b'].map(groupKey => runningJob(temp.store, { groupKey }))
    for (const text of ['1', '2']) {
      for (const { claim } of runs)
        temp.store.runs.append(claim, { head, body: Buffer.from(`${claim.groupKey}${text}`) })
    }
    expect(
      runs.map(({ job }) => readAll(temp, job.seq).pieces.filter(piece => !piece.startsWith('head'))),
    ).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ])
  })
})

describe('the log', () => {
  test('says which jobs have changed, each once, and up to which entry', () => {
    const { store } = tempStore()
    expect(store.output.lastChange()).toBe(0)
    expect(store.output.changesSince(0)).toEqual({ upTo: 0, jobSeqs: new Set() })
    const a = runningJob(store, { groupKey: 'a' })
    const b = runningJob(store, { groupKey: 'b' })
    const { upTo, jobSeqs } = store.output.changesSince(0)
    expect(jobSeqs).toEqual(new Set([a.job.seq, b.job.seq]))
    expect(upTo).toBe(store.output.lastChange())
    store.runs.append(b.claim, { head, body: Buffer.from('x') })
    expect(store.output.changesSince(upTo).jobSeqs).toEqual(new Set([b.job.seq]))
  })

  test('reports more changes than one query returns', () => {
    const { store } = tempStore()
    const { job, claim } = runningJob(store)
    store.runs.append(claim, { head, body: Buffer.alloc(2_100 * 64 * 1024) })
    const { upTo, jobSeqs } = store.output.changesSince(0)
    expect(upTo).toBeGreaterThan(2_100)
    expect(upTo).toBe(store.output.lastChange())
    expect(jobSeqs).toEqual(new Set([job.seq]))
  })

  test('never uses an id again, even when its last entries were deleted', () => {
    const { store } = tempStore()
    const first = store.submissions.enqueue(newJob(), 1_000)
    store.submissions.cancel(first, 1_000, 0)
    const seen = store.output.lastChange()
    store.housekeeping.pruneExpired(1_000)
    const second = store.submissions.enqueue(newJob(), 1_000)
    expect(store.output.changesSince(seen).jobSeqs).toEqual(new Set([second.seq]))
  })
})
