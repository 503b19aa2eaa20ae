import { describe, expect, test } from 'vitest'
import { KeyReusedError } from '../../errors.ts'
import type { Finish } from '../../values.ts'
import { listJobs, newJob, runningJob, submitJob, type TestJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, recordOf } from './look.ts'

const keyOf = (key = 'k', hash = 'one') => ({ key, hash: Buffer.from(hash) })
const keyed = (hash = 'one', differing: TestJob = {}): TestJob => ({
  ...differing,
  idempotency: keyOf('k', hash),
})

export const keysContract = (engine: Engine): void => {
  describe('a job with an idempotency key', () => {
    test('is inserted once, however often and simultaneously it is submitted', async () => {
      const tested = await engine.create()
      const stores = [tested.store, await tested.open({ role: 'worker' })]
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, at) => submitJob(stores[at % 25 === 0 ? 1 : 0]!, keyed())),
      )
      expect(new Set(all.map(({ id }) => id)).size).toBe(1)
      expect(all.filter(({ isReplayed }) => !isReplayed)).toHaveLength(1)
      expect(await listJobs(tested.store)).toHaveLength(1)
    })

    test('is refused with a different request, and nothing changes', async () => {
      const { store } = await engine.create()
      await submitJob(store, keyed())
      await expect(submitJob(store, keyed('other'))).rejects.toThrow(KeyReusedError)
      const asked = { caller: 'default', key: keyOf('k', 'other'), now: 1_000 }
      await expect(store.submissions.hasJob(asked)).rejects.toThrow(KeyReusedError)
      expect((await submitJob(store, keyed('other', { caller: 'ann' }))).isReplayed).toBe(false)
      expect(await listJobs(store)).toHaveLength(2)
    })

    test('keeps its answer after its caller has it', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store, keyed())
      await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(2_000))
      await store.submissions.delivered(job, 3_000)
      expect(await recordOf(store, job)).toMatchObject({ bytesExpireAt: null })
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
    ])('that ends as %j keeps its key: %s', async (end, keeps) => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store, keyed())
      await store.runs.finish(claim, end, ending(2_000))
      const asked = { caller: 'default', key: keyOf(), now: 3_000 }
      expect(await store.submissions.hasJob(asked)).toBe(keeps)
      const again = await submitJob(store, keyed(), 3_000)
      expect([again.isReplayed, again.seq === job.seq]).toEqual([keeps, keeps])
    })

    test('leaves the key to the next job when it ends without an answer', async () => {
      const { store } = await engine.create()
      const first = await submitJob(store, keyed())
      await store.submissions.cancel(first, ending(1_000))
      const asked = { caller: 'default', key: keyOf('k', 'other'), now: 1_000 }
      expect(await store.submissions.hasJob(asked)).toBe(false)
      const second = await submitJob(store, keyed('other'), 2_000)
      expect([second.isReplayed, second.id === first.id]).toEqual([false, false])
      expect(await store.submissions.hasJob(asked)).toBe(true)
      expect((await recordOf(store, first)).idempotencyKey).toBeNull()
      expect((await recordOf(store, second)).idempotencyKey).toBe('k')
    })
  })

  describe('the same submission again, after the key has gone to another job,', () => {
    test('gets the job of the first call, and the key stays where it is', async () => {
      const { store } = await engine.create()
      const job = newJob(keyed())
      const submit = () => store.submissions.enqueue({ jobs: [job], groupKeyOf: () => 'm', now: 1_000 })
      const first = await submit()
      await store.submissions.cancel(first[0]!, ending(1_000))
      const next = await submitJob(store, keyed('other'), 2_000)
      expect(next.isReplayed).toBe(false)
      expect(await submit()).toEqual(first)
      expect((await recordOf(store, next)).idempotencyKey).toBe('k')
      expect(await listJobs(store)).toHaveLength(2)
    })
  })

  describe('a batch with idempotency keys', () => {
    test('inserts all jobs or none', async () => {
      const { store } = await engine.create()
      const first = await submitJob(store, keyed())
      const batch = (...jobs: TestJob[]) =>
        store.submissions.enqueue({
          jobs: jobs.map(job => newJob(job)),
          groupKeyOf: () => 'm',
          now: 1_000,
        })
      await expect(batch({}, {}, keyed('other'))).rejects.toThrow(KeyReusedError)
      expect(await listJobs(store)).toHaveLength(1)
      const all = await batch({}, keyed(), {})
      expect(all.map(({ isReplayed }) => isReplayed)).toEqual([false, true, false])
      expect(all[1]).toMatchObject({ seq: first.seq, id: first.id })
      expect(await listJobs(store)).toHaveLength(3)
    })

    test('gives a key that it names twice one job', async () => {
      const { store } = await engine.create()
      const jobs = [newJob(keyed()), newJob(keyed())]
      const [one, two] = await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: 1_000 })
      expect([one!.isReplayed, two!.isReplayed, two!.id]).toEqual([false, true, one!.id])
    })
  })
}
