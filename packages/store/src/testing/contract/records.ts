import { describe, expect, test } from 'vitest'
import { keyOfRepetition, newJobId } from '../../ids.ts'
import type { JobConditions, JobFilter, Submitted } from '../../values.ts'
import { appendOutput, appendPieces, claimNext, listJobs, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, logOf, seqsOf, submitMany, upkeep } from './look.ts'

const START = 1_000_000

export const recordsContract = (engine: Engine): void => {
  describe('a list', () => {
    const filled = async () => {
      const { store } = await engine.create()
      const given = [
        { modelName: 'a', caller: 'ann' },
        { modelName: 'b', caller: 'bob', priority: 'high' },
        { modelName: 'a', caller: 'bob' },
        { modelName: 'b', caller: 'ann' },
        { modelName: 'a', caller: 'ann', priority: 'low' },
      ] as const
      const jobs: Submitted[] = []
      for (const [at, one] of given.entries()) {
        const now = START + at * 10
        jobs.push(await submitJob(store, { ...one, id: newJobId(now), groupKey: `${at}` }, now))
      }
      await claimNext(store, '0', START)
      const ended = (await claimNext(store, '1', START))!
      const end = { state: 'failed', answerAttempt: null, errorCode: 'http_error' } as const
      await store.runs.finish(ended, end, ending(START))
      /** The places, from 1, at which the jobs were submitted. */
      const places = async (filter: Partial<JobFilter>) =>
        (await listJobs(store, filter)).map(({ seq }) => seqsOf(jobs).indexOf(seq) + 1)
      return { store, jobs, places }
    }

    test.each<[filter: Partial<JobFilter>, places: number[]]>([
      [{}, [5, 4, 3, 2, 1]],
      [{ caller: 'ann' }, [5, 4, 1]],
      [{ caller: 'nobody' }, []],
      [{ modelName: 'b' }, [4, 2]],
      [{ state: 'queued' }, [5, 4, 3]],
      [{ state: 'running' }, [1]],
      [{ state: 'failed' }, [2]],
      [{ state: 'succeeded' }, []],
      [{ state: 'queued', caller: 'ann', modelName: 'a' }, [5]],
      [{ priority: 'high' }, [2]],
      [{ priority: 'normal', caller: 'bob' }, [3]],
      [{ priorityOtherThan: 'normal' }, [5, 2]],
      [{ errorCode: 'http_error' }, [2]],
      [{ errorCode: 'stall' }, []],
      [{ since: START + 20 }, [5, 4, 3]],
      [{ since: START + 21 }, [5, 4]],
      [{ since: START + 100 }, []],
      [{ since: 0 }, [5, 4, 3, 2, 1]],
      [{ until: START + 20 }, [2, 1]],
      [{ until: START }, []],
      [{ until: START + 100_000 }, [5, 4, 3, 2, 1]],
      [{ since: START + 10, until: START + 30 }, [3, 2]],
      [{ batch: 'batch_0' }, []],
      [{ limit: 2 }, [5, 4]],
    ])('filters by %j', async (filter, expected) => {
      const { places } = await filled()
      expect(await places(filter)).toEqual(expected)
    })

    test.each<[metadata: string, has: Readonly<Record<string, string>>, isListed: boolean]>([
      ['{"a":"x"}', { a: 'x' }, true],
      ['{"a":"x"}', { a: 'y' }, false],
      ['{"a":"x"}', { b: 'x' }, false],
      ['{"a":"x","b":7}', { a: 'x', b: '7' }, true],
      ['{"a":"x","b":7}', { a: 'x', b: '8' }, false],
      ['{"a":7}', { a: '7' }, true],
      ['{"a":7.0}', { a: '7' }, true],
      ['{"a":"7"}', { a: '7' }, true],
      ['{"a":"7.0"}', { a: '7' }, false],
      ['{"a":-1.5e2}', { a: '-150' }, true],
      ['{"a":1234567890123456789}', { a: '1234567890123456789' }, true],
      ['{"a":1234567890123456789}', { a: '1234567890123456788' }, false],
      ['{"a":12345678901234567890123}', { a: '12345678901234567890123' }, true],
      ['{"a":7}', { a: '07' }, false],
      ['{"a":true}', { a: 'true' }, true],
      ['{"a":true}', { a: '1' }, false],
      ['{"a":1}', { a: 'true' }, false],
      ['{"a":"true"}', { a: 'true' }, true],
      ['{"a":false}', { a: 'false' }, true],
      ['{"a":null}', { a: 'null' }, true],
      ['{"a":{"b":1}}', { a: '{"b":1}' }, false],
      ['{"a":[1]}', { a: '[1]' }, false],
      ['{"a":{"b":"x"}}', { 'a.b': 'x' }, false],
      ['{"a.b":"x"}', { 'a.b': 'x' }, true],
      [String.raw`{"\u0061":"\u00e9"}`, { a: 'é' }, true],
      [String.raw`{"\"\\":"\"\\"}`, { '"\\': '"\\' }, true],
      ['{"é$":""}', { é$: '' }, true],
      ['{}', { a: '' }, false],
    ])('of jobs with the metadata %s that have %j: %s', async (metadata, has, isListed) => {
      const { store } = await engine.create()
      await submitJob(store)
      await submitJob(store, { metadata })
      expect(await listJobs(store, { metadata: has })).toMatchObject(isListed ? [{ metadata }] : [])
      const refs = await Array.fromAsync(store.records.refs({ metadata: has }))
      expect(refs.flat()).toHaveLength(isListed ? 1 : 0)
    })

    test('goes on before a job', async () => {
      const { jobs, places } = await filled()
      expect(await places({ before: jobs[2]!.seq })).toEqual([2, 1])
      expect(await places({ before: jobs[3]!.seq, state: 'queued' })).toEqual([3])
      expect(await places({ before: jobs[0]!.seq })).toEqual([])
    })

    test('begins at a job, and names jobs in their order, without their records', async () => {
      const { store, jobs, places } = await filled()
      expect(await places({ from: jobs[3]!.seq })).toEqual([5, 4])
      const named = async (conditions: JobConditions) =>
        (await Array.fromAsync(store.records.refs(conditions))).flat()
      expect(await named({})).toEqual(jobs.map(({ seq, id }) => ({ seq, id })))
      const between = { from: jobs[1]!.seq, before: jobs[4]!.seq, caller: 'bob' }
      expect(seqsOf(await named(between))).toEqual(seqsOf(jobs.slice(1, 3)))
      expect(await named({ since: START + 100 })).toEqual([])
    })

    test('names many jobs in several steps', async () => {
      const { store } = await engine.create()
      const jobs = await submitMany(store, 1_001)
      const steps = await Array.fromAsync(store.records.refs({ state: 'queued' }))
      expect(steps.map(step => step.length)).toEqual([500, 500, 1])
      expect(seqsOf(steps.flat())).toEqual(seqsOf(jobs))
    })

    test('leaves out what was repeated by an operation', async () => {
      const { store } = await engine.create()
      const [first, second] = await submitMany(store, 2)
      const key = keyOfRepetition(first!.id)
      const idempotency = { key, hash: Buffer.from('x') }
      const others = await submitJob(store, { caller: 'ann', idempotency })
      const left = async () => (await Array.fromAsync(store.records.refs({ unrepeated: true }))).flat()
      expect(seqsOf(await left())).toEqual(seqsOf([first!, second!, others]))
      const repetition = await submitJob(store, { idempotency })
      expect(seqsOf(await left())).toEqual(seqsOf([second!, others, repetition]))
    })

    test('of the last numbers ends at the first job among them', async () => {
      const { store, jobs } = await filled()
      const [first, second, third] = seqsOf(jobs)
      const low = (numbers: number, more: JobConditions = {}) =>
        store.records.lookBack(numbers, { priority: 'low', ...more })
      expect(await low(4)).toEqual({ seq: second, createdAt: START + 10 })
      expect(await low(5)).toBeUndefined()
      expect(await low(1, { before: third })).toEqual({ seq: second, createdAt: START + 10 })
      expect(await low(2, { before: third })).toBeUndefined()
      expect(await low(9, { before: first })).toBeUndefined()
      const another = (await engine.create()).store
      expect(await another.records.lookBack(1, { priority: 'low' })).toBeUndefined()
    })

    test('of the last numbers goes on behind many that were deleted', async () => {
      const { store } = await engine.create()
      await submitJob(store, {}, START)
      const second = await submitJob(store, {}, START)
      for (const job of await submitMany(store, 20)) await store.submissions.cancel(job, ending(START, 1))
      const last = await submitJob(store, {}, START)
      await upkeep(store, START + 1)
      const low = (before: number) => store.records.lookBack(1, { priority: 'low', before })
      expect(await low(last.seq + 1)).toMatchObject({ seq: last.seq })
      expect(await low(last.seq)).toMatchObject({ seq: second.seq })
      expect(await low(second.seq)).toBeUndefined()
    })

    test('of the last numbers lies within the times that are meant', async () => {
      const { store } = await engine.create()
      const jobs: Submitted[] = []
      for (const now of [10_000, 20_000, 30_000, 40_000])
        jobs.push(await submitJob(store, { id: newJobId(now) }, now))
      const low = (numbers: number, more: JobConditions) =>
        store.records.lookBack(numbers, { priority: 'low', ...more })
      expect(await low(1, { until: 25_000 })).toEqual({ seq: jobs[1]!.seq, createdAt: 20_000 })
      expect(await low(2, { until: 25_000 })).toBeUndefined()
      expect(await low(2, { since: 30_000 })).toBeUndefined()
      expect(await low(1, { since: 30_000 })).toEqual({ seq: jobs[3]!.seq, createdAt: 40_000 })
    })

    test('since a time has all jobs since then, whatever the order of ids that were made at that time', async () => {
      const { store } = await engine.create()
      const time = START.toString(16).padStart(12, '0')
      const ids = ['f', '0', '8'].map(digit => `job_${time}${digit.repeat(20)}`)
      for (const id of ids) await submitJob(store, { id }, START)
      const listed = await listJobs(store, { since: START })
      expect(listed.map(({ id }) => id)).toEqual(ids.toReversed())
    })

    test('of many jobs takes several steps, and ends at its limit', async () => {
      const { store } = await engine.create()
      const jobs = await submitMany(store, 60)
      const steps = await Array.fromAsync(store.records.list({ limit: 50 }))
      expect(steps.length).toBeGreaterThan(1)
      expect(seqsOf(steps.flat())).toEqual(seqsOf(jobs).toReversed().slice(0, 50))
    })

    test('of no jobs is empty', async () => {
      const { store } = await engine.create()
      expect(await listJobs(store)).toEqual([])
    })
  })

  test('a job is found by its id and by its seq, with its metadata', async () => {
    const { store } = await engine.create()
    const metadata = '{ "a": [1.0, 1234567890123456789, {"b":"\u00e9"}] }'
    const { seq, id } = await submitJob(store, {
      metadata,
      priority: 'low',
      deadlineAt: 9_000,
      maxAttempts: 4,
      retryOf: 'job_before',
    })
    const expected = {
      seq,
      id,
      metadata,
      priority: 2,
      deadlineAt: 9_000,
      maxAttempts: 4,
      caller: 'default',
      retryOf: 'job_before',
    }
    expect(await store.records.byId(id)).toMatchObject(expected)
    expect(await store.records.bySeq(seq)).toEqual(await store.records.byId(id))
    expect(await store.records.byId('job_0')).toBeUndefined()
    expect(await store.records.bySeq(seq + 98)).toBeUndefined()
  })

  test('the queued and the ended jobs are counted', async () => {
    const { store } = await engine.create()
    const jobs = await submitMany(store, 6)
    await claimNext(store)
    await store.submissions.cancel(jobs[1]!, ending(1_000))
    expect(await store.records.ended()).toBe(1)
    // It may be a second old.
    await expect.poll(() => store.records.queued(), { timeout: 5_000 }).toBe(4)
  })

  test('a request is returned as it was submitted, with its webhook', async () => {
    const { store } = await engine.create()
    const body = Buffer.from([0, 255, 10])
    const webhook = { url: 'http://a.example/', events: ['job.failed'] } as const
    const { seq } = await submitJob(store, { body, webhook })
    expect(await store.records.request(seq)).toEqual({
      headers: newJob().headers,
      body,
      parts: 0,
      webhook,
    })
    const plain = await submitJob(store, { metadata: '{}' })
    expect(await store.records.request(plain.seq)).not.toHaveProperty('webhook')
    expect(await store.records.request(99)).toBeUndefined()
    expect([await store.records.requestBytes(99), await store.records.requestPart(99, 0)]).toEqual([
      0,
      undefined,
    ])
  })

  test('a log can be read from any entry on, and entries never change', async () => {
    const { store } = await engine.create()
    const { job, claim } = await runningJob(store)
    const pieces = Array.from({ length: 100 }, (_, at) => Buffer.from(`${at}`))
    await appendPieces(store, claim, { head: { status: 200, headers: [] }, pieces })
    await store.runs.progress(claim, { tokens: 7, now: 2_000 })
    await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(3_000))
    const all = await logOf(store, job)
    expect(all.map(({ kind }) => kind)).toEqual([
      'event',
      'event',
      'head',
      ...pieces.map(() => 'body'),
      'event',
      'event',
    ])
    expect(all.at(-2)).toMatchObject({ event: { type: 'progress', attempt: 1, tokens: 7, at: 2_000 } })
    for (const [at, { id }] of all.entries())
      expect(await store.records.log(job.seq, id)).toEqual(all.slice(at + 1, at + 33))
  })

  test('texts come back as they were given, whatever characters they have', async () => {
    const { store } = await engine.create()
    const odd = 'a\u0000b \ud83d\ude00 \u00e9\u0301 \'";--'
    const { seq } = await submitJob(store, {
      path: odd,
      endpoint: odd,
      model: odd,
      modelName: odd,
      loadOptions: odd,
      caller: odd,
      groupKey: odd,
      headers: [[odd, odd]],
    })
    const claim = (await claimNext(store, odd))!
    const head = { status: 200, headers: [[odd, odd]] as const }
    await appendOutput(store, claim, { head })
    const end = { state: 'failed', answerAttempt: 1, errorMessage: odd } as const
    await store.runs.finish(claim, end, ending(2_000))
    const texts = { path: odd, endpoint: odd, model: odd, modelName: odd, loadOptions: odd, groupKey: odd }
    expect(claim).toMatchObject({ ...texts, headers: [[odd, odd]] })
    expect(await store.records.bySeq(seq)).toMatchObject({ ...texts, caller: odd, errorMessage: odd })
    expect(await listJobs(store, { caller: odd, modelName: odd })).toHaveLength(1)
    expect((await store.output.read(seq, undefined))?.pieces).toMatchObject([{ head }])
  })

  test('the progress of a run is seen in its job', async () => {
    const { store } = await engine.create()
    const { job, claim } = await runningJob(store)
    await store.runs.progress(claim, { tokens: 7, now: 2_000 })
    expect(await store.records.bySeq(job.seq)).toMatchObject({ tokens: 7 })
  })
}
