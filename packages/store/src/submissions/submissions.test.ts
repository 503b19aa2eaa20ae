import { describe, expect, test } from 'vitest'
import { KeyReusedError } from '../errors.ts'
import type { Finish } from '../runs/finish.ts'
import { eventsOf, HOUR_MS, newJob, runningJob, tempStore } from '../testing/temp-store.ts'

const rowOf = ({ rows }: ReturnType<typeof tempStore>, seq: number) =>
  rows('SELECT * FROM jobs WHERE seq = ?', seq)[0]!

describe('a submitted job', () => {
  test('is queued with all that the target needs', () => {
    const temp = tempStore()
    const { submissions, queue } = temp.store
    const body = Buffer.from([0x00, 0xff, 0x80, 0x0a])
    const headers = [
      ['X-Twice', 'a'],
      ['x-twice', 'b'],
      ['Odd', 'caf\u00e9 \ud83d\ude00 "\\'],
    ] as const
    const job = newJob({
      path: '/api/chat?x=%20',
      model: 'M:1',
      groupKey: 'g',
      streaming: false,
      headers,
      body,
    })
    const { seq, id } = submissions.enqueue(job, 5_000)
    expect(id).toMatch(/^job_[0-9a-f]{32}$/)
    expect(rowOf(temp, seq)).toMatchObject({
      id,
      state: 'queued',
      created_at: 5_000,
      attempt: 0,
      expires_at: null,
    })
    expect(eventsOf(temp, { seq, id })).toEqual([{ type: 'queued', at: 5_000 }])
    expect(queue.claimNext('g', 'first', 6_000, 6_000)).toMatchObject({
      ...job,
      seq,
      id,
      attempt: 1,
      priority: 1,
    })
  })

  test('has a unique seq and a unique id, and ids rise with time', () => {
    const { store } = tempStore()
    const jobs = [1_000, 2_000, 2_000, 3_000].map(now => store.submissions.enqueue(newJob(), now))
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(4)
    expect(jobs.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(jobs[0]!.id < jobs[1]!.id && jobs[2]!.id < jobs[3]!.id).toBe(true)
  })

  test('never gets the seq of a deleted job', () => {
    const { store } = tempStore()
    const first = store.submissions.enqueue(newJob(), 1_000)
    store.submissions.cancel(first, 1_000, 0)
    expect(store.housekeeping.pruneExpired(1_000)).toEqual({ more: false, pruned: 1 })
    expect(store.submissions.enqueue(newJob(), 1_000).seq).toBeGreaterThan(first.seq)
  })

  test.each([0, 1, 64 * 1024, 5_000_000])('may have a body of %i bytes', length => {
    const { store } = tempStore()
    const body = Buffer.alloc(length, 'x\u00e9\u0000')
    store.submissions.enqueue(newJob({ body }), 1_000)
    expect(store.queue.claimNext('m', 'first', 1_000, 1_000)?.body.equals(body)).toBe(true)
  })
})

describe('a cancellation', () => {
  test('ends a queued job, and sets when its row expires', () => {
    const temp = tempStore()
    const job = temp.store.submissions.enqueue(newJob(), 1_000)
    expect(temp.store.submissions.cancel(job, 2_000, HOUR_MS)).toBe('cancelled')
    expect(rowOf(temp, job.seq)).toMatchObject({
      state: 'cancelled',
      finished_at: 2_000,
      expires_at: 2_000 + HOUR_MS,
      error_code: 'cancelled',
    })
    expect(eventsOf(temp, job).at(-1)).toEqual({ type: 'cancelled', attempt: 0, at: 2_000 })
    expect(temp.store.queue.waitingLines()).toEqual([])
  })

  test('ends a job that waits for its next attempt, even if an earlier attempt brought an answer', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }
    temp.store.runs.release(
      claim,
      { code: 'target_busy', spent: true, availableAt: 9_000, provisional },
      2_000,
      HOUR_MS,
    )
    expect(temp.store.submissions.cancel(job, 3_000, HOUR_MS)).toBe('cancelled')
    expect(rowOf(temp, job.seq)).toMatchObject({
      state: 'cancelled',
      available_at: null,
      answer_attempt: null,
    })
    expect(temp.store.queue.promoteDue(1_000_000, 60_000)).toBeUndefined()
    expect(temp.store.output.read(job.seq, undefined)?.pieces).toEqual([])
  })

  test('asks the worker to end a running job, and keeps the time of the first request', () => {
    const temp = tempStore()
    const { job } = runningJob(temp.store)
    expect(temp.store.submissions.cancel(job, 2_000, HOUR_MS)).toBe('requested')
    expect(temp.store.submissions.cancel(job, 3_000, HOUR_MS)).toBe('requested')
    expect(rowOf(temp, job.seq)).toMatchObject({
      state: 'running',
      cancel_requested_at: 2_000,
      finished_at: null,
    })
    expect(temp.store.runs.cancelRequests()).toEqual([job.seq])
  })

  test('does nothing to a job that has ended', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, 2_000, HOUR_MS)
    const before = rowOf(temp, job.seq)
    expect(temp.store.submissions.cancel(job, 3_000, HOUR_MS)).toBe('ended')
    expect(temp.store.submissions.cancel(job, 4_000, HOUR_MS)).toBe('ended')
    expect(rowOf(temp, job.seq)).toEqual(before)
  })

  test('of a deleted job does nothing', () => {
    expect(tempStore().store.submissions.cancel({ seq: 99, id: 'job_99' }, 1_000, HOUR_MS)).toBe('ended')
  })
})

describe('an answer that has been delivered', () => {
  test('expires at the given time', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, 2_000, HOUR_MS)
    temp.store.submissions.delivered(job, 3_000)
    expect(rowOf(temp, job.seq)['bytes_expire_at']).toBe(3_000)
  })

  test('does not expire while its job has not ended, because the job needs its request', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.submissions.delivered(job, 1_000)
    temp.store.runs.release(claim, { code: 'target_away', spent: false }, 1_000, HOUR_MS)
    temp.store.submissions.delivered(job, 1_000)
    temp.store.housekeeping.pruneDelivered(HOUR_MS)
    expect(temp.store.queue.claimNext('m', 'first', 2_000, 2_000)?.body.toString()).toBe('{"model":"m"}')
  })
})

describe('a job with an idempotency key', () => {
  const keyed = (key = 'k', hash = 'one', differing: Parameters<typeof newJob>[0] = {}) =>
    newJob({ ...differing, idempotency: { key, hash: Buffer.from(hash) } })

  test('is inserted once, however often and simultaneously it is submitted', async () => {
    const { store } = tempStore()
    const all = await Promise.all(
      Array.from({ length: 50 }, () =>
        store.together('full', () => store.submissions.enqueue(keyed(), 1_000)),
      ),
    )
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect(all.filter(({ isReplayed }) => !isReplayed)).toHaveLength(1)
    expect(store.records.list({ limit: 9 })).toHaveLength(1)
  })

  test('is refused with a different request, and nothing changes', () => {
    const { store } = tempStore()
    store.submissions.enqueue(keyed(), 1_000)
    expect(() => store.submissions.enqueue(keyed('k', 'other'), 1_000)).toThrow(KeyReusedError)
    expect(() =>
      store.submissions.hasJob('default', { key: 'k', hash: Buffer.from('other') }, 1_000),
    ).toThrow(KeyReusedError)
    expect(store.submissions.enqueue(keyed('k', 'other', { caller: 'ann' }), 1_000).isReplayed).toBe(false)
    expect(store.records.list({ limit: 9 })).toHaveLength(2)
  })

  test('keeps its answer after its caller has it', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store, { idempotency: { key: 'k', hash: Buffer.from('x') } })
    temp.store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, 2_000, HOUR_MS)
    temp.store.submissions.delivered(job, 3_000)
    expect(rowOf(temp, job.seq)).toMatchObject({ bytes_expire_at: null })
  })

  test.each<[end: Finish, keeps: boolean]>([
    [{ state: 'succeeded', answerAttempt: 1, statusCode: 200 }, true],
    [{ state: 'failed', answerAttempt: 1, statusCode: 404, errorCode: 'http_error' }, true],
    [{ state: 'failed', answerAttempt: 1, statusCode: 500, errorCode: 'http_error' }, true],
    [{ state: 'failed', answerAttempt: 1, statusCode: 200, errorCode: 'target_error' }, true],
    [{ state: 'failed', answerAttempt: 1, statusCode: 503, errorCode: 'http_error' }, false],
    // The caller of a stream has got a part of an answer, or an earlier attempt was refused.
    [{ state: 'failed', answerAttempt: 1, errorCode: 'target_lost' }, false],
    [{ state: 'failed', answerAttempt: null, errorCode: 'stall' }, false],
    [{ state: 'cancelled', answerAttempt: null, errorCode: 'cancelled' }, false],
  ])('that ends as %j keeps its key: %s', (end, keeps) => {
    const { store } = tempStore()
    const idempotency = { key: 'k', hash: Buffer.from('one') }
    const { job, claim } = runningJob(store, { idempotency })
    store.runs.finish(claim, end, 2_000, HOUR_MS)
    expect(store.submissions.hasJob('default', idempotency, 3_000)).toBe(keeps)
    const again = store.submissions.enqueue(newJob({ idempotency }), 3_000)
    expect([again.isReplayed, again.seq === job.seq]).toEqual([keeps, keeps])
  })

  test('leaves the key to the next job when it ends without an answer', () => {
    const { store } = tempStore()
    const first = store.submissions.enqueue(keyed(), 1_000)
    store.submissions.cancel(first, 1_000, HOUR_MS)
    const key = { key: 'k', hash: Buffer.from('other') }
    expect(store.submissions.hasJob('default', key, 1_000)).toBe(false)
    const second = store.submissions.enqueue(keyed('k', 'other'), 2_000)
    expect([second.isReplayed, second.id === first.id]).toEqual([false, false])
    expect(store.submissions.hasJob('default', key, 1_000)).toBe(true)
  })
})

test('enqueueAll inserts all jobs or none', () => {
  const { store } = tempStore()
  const idempotency = { key: 'k', hash: Buffer.from('one') }
  store.submissions.enqueue(newJob({ idempotency }), 1_000)
  const other = newJob({ idempotency: { key: 'k', hash: Buffer.from('other') } })
  expect(() => store.submissions.enqueueAll([newJob(), newJob(), other], 1_000)).toThrow(KeyReusedError)
  expect(store.records.list({ limit: 9 })).toHaveLength(1)
  const all = store.submissions.enqueueAll([newJob(), newJob({ idempotency }), newJob()], 1_000)
  expect(all.map(({ seq, isReplayed }) => [seq, isReplayed])).toEqual([
    [2, false],
    [1, true],
    [3, false],
  ])
})
