import { describe, expect, test } from 'vitest'
import { newJobId } from '../../ids.ts'
import { claimNext, listJobs, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventsOf, HOUR_MS, recordOf, seqsOf, upkeep } from './look.ts'

export const submissionsContract = (engine: Engine): void => {
  describe('a submitted job', () => {
    test('is queued with all that the target needs', async () => {
      const { store } = await engine.create()
      const body = Buffer.from([0x00, 0xff, 0x80, 0x0a])
      const headers = [
        ['X-Twice', 'a'],
        ['x-twice', 'b'],
        ['Odd', 'caf\u00e9 \ud83d\ude00 "\\'],
      ] as const
      const differing = { path: '/api/chat?x=%20', model: 'M:1', streaming: false, headers, body }
      const { caller, priority, ...job } = newJob(differing)
      const { seq, id } = await submitJob(store, { ...differing, id: job.id, groupKey: 'g' }, 5_000)
      expect(id).toBe(job.id)
      expect(await recordOf(store, { seq })).toMatchObject({
        id,
        state: 'queued',
        caller,
        createdAt: 5_000,
        attempt: 0,
        expiresAt: null,
      })
      expect(priority).toBe('normal')
      expect(await eventsOf(store, { seq })).toEqual([{ type: 'queued', at: 5_000 }])
      expect(await claimNext(store, 'g', 6_000)).toMatchObject({
        ...job,
        groupKey: 'g',
        seq,
        id,
        parts: 0,
        attempt: 1,
        failedAttempts: 0,
        answerAttempt: null,
        maxAttempts: null,
        deadlineAt: null,
        runsAlone: false,
      })
    })

    test('has a unique seq in the order of arrival, and ids rise with time', async () => {
      const { store } = await engine.create()
      const jobs = []
      for (const now of [1_000, 2_000, 2_000, 3_000])
        jobs.push(await submitJob(store, { id: newJobId(now) }, now))
      expect(new Set(jobs.map(({ id }) => id)).size).toBe(4)
      expect(seqsOf(jobs)).toEqual(seqsOf(jobs).toSorted((a, b) => a - b))
      expect(new Set(seqsOf(jobs)).size).toBe(4)
      expect(jobs[0]!.id < jobs[1]!.id && jobs[2]!.id < jobs[3]!.id).toBe(true)
    })

    test('never gets the seq of a deleted job', async () => {
      const { store } = await engine.create()
      const first = await submitJob(store)
      await store.submissions.cancel(first, ending(1_000, 0))
      expect(await upkeep(store, 1_000)).toBe(1)
      expect((await submitJob(store)).seq).toBeGreaterThan(first.seq)
    })

    test.each([0, 1, 64 * 1024, 5_000_000])('may have a body of %i bytes', async length => {
      const { store } = await engine.create()
      const body = Buffer.alloc(length, 'x\u00e9\u0000')
      await submitJob(store, { body })
      expect((await claimNext(store))?.body.equals(body)).toBe(true)
    })

    test('has the group that is right by what is known of its model', async () => {
      const { store } = await engine.create()
      await store.catalogue.replaceModels([{ name: 'known', digest: 'd', remote: false }])
      await store.catalogue.noteLoading('d', { weights: 'w' })
      const job = { model: 'Known', loadOptions: '{"num_ctx":1}' }
      const asked: unknown[] = []
      const submitted = await store.submissions.enqueue({
        jobs: ['known', 'unknown', 'known'].map(modelName => newJob({ ...job, modelName })),
        groupKeyOf: facts => {
          asked.push(facts)
          return `group of ${facts.modelName}`
        },
        now: 1_000,
      })
      expect(asked).toContainEqual({ ...job, modelName: 'known', loading: { weights: 'w' } })
      const groups = await Promise.all(submitted.map(async one => (await recordOf(store, one)).groupKey))
      expect(groups).toEqual(['group of known', 'group of unknown', 'group of known'])
    })
  })

  describe('a batch', () => {
    test('is inserted in its order', async () => {
      const { store } = await engine.create()
      const jobs = ['a', 'b', 'c'].map(model => newJob({ model }))
      const submitted = await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: 1_000 })
      expect(submitted.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id))
      expect((await listJobs(store)).map(({ model }) => model)).toEqual(['c', 'b', 'a'])
    })

    test('is inserted completely or not at all', async () => {
      const { store } = await engine.create()
      const groupKeyOf = ({ model }: { model: string }) => {
        if (model === 'bad') throw new Error('a fault')
        return model
      }
      const jobs = ['a', 'b', 'bad', 'c'].map(model => newJob({ model, modelName: model }))
      await expect(store.submissions.enqueue({ jobs, groupKeyOf, now: 1_000 })).rejects.toThrow('a fault')
      expect(await listJobs(store)).toEqual([])
      expect(await store.queue.waitingLines()).toEqual([])
    })
  })

  describe('an answer that has been delivered', () => {
    test('expires at the given time', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(2_000))
      await store.submissions.delivered(job, 3_000)
      expect((await recordOf(store, job)).bytesExpireAt).toBe(3_000)
    })

    test('does not expire while its job has not ended, because the job needs its request', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.submissions.delivered(job, 1_000)
      await store.runs.release(claim, { code: 'target_away', spent: false }, ending(1_000))
      await store.submissions.delivered(job, 1_000)
      await upkeep(store, HOUR_MS)
      expect((await claimNext(store, 'm', 2_000))?.body.toString()).toBe('{"model":"m"}')
    })

    test('of a job that is gone is nothing to expire', async () => {
      const { store } = await engine.create()
      await expect(store.submissions.delivered({ seq: 99, id: 'job_99' }, 1_000)).resolves.toBeUndefined()
    })
  })
}
