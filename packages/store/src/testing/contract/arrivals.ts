import { describe, expect, test } from 'vitest'
import { ArrivalLostError, KeyInUseError } from '../../errors.ts'
import { wholeBody } from '../../whole-body.ts'
import { claimNext, listJobs, newJob, runningJob, submitJob, type TestJob } from '../jobs.ts'
import type { Engine, TestedStore } from './engine.ts'
import { ending, HOUR_MS, messagesOf, stateOf, upkeep } from './look.ts'

const NOW = 1_000_000
const SILENCE_MS = 30_000
const groupKeyOf = () => 'm'

const countsOf = async ({ counts }: TestedStore): Promise<number[]> => {
  const { jobs, requests, details, log, parts, arrivals } = await counts()
  return [jobs, requests, details, log, parts, arrivals]
}
const NONE = [0, 0, 0, 0, 0, 0]

/** A job whose body is in two parts, in an arrival that has not been accepted. */
const arriving = async ({ store }: TestedStore, differing: TestJob = {}) => {
  const { arrivals } = store.submissions
  const arrival = await arrivals.begin(NOW)
  const long = newJob({ ...differing, body: Buffer.alloc(0), parts: 2 })
  const [job] = await arrivals.add({ arrival, jobs: [long], groupKeyOf, now: NOW })
  const jobSeq = job!.seq
  for (const [n, part] of ['{"model"', ':"m"}'].entries())
    await arrivals.addPart(arrival, { jobSeq, n, bytes: Buffer.from(part) }, NOW)
  return { arrivals, arrival, job: job!, added: { jobs: 1, parts: 2, witness: jobSeq } }
}

export const arrivalsContract = (engine: Engine): void => {
  describe('the jobs of an arrival', () => {
    test('run once it is accepted, with their whole bodies', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { queue, records } = store
      const { arrivals, arrival, job, added } = await arriving(tested)
      expect(await queue.waitingLines()).toEqual([])
      expect(await claimNext(store, 'm', NOW)).toBeUndefined()
      await arrivals.accept(arrival, added)
      expect(await queue.waitingLines()).toMatchObject([{ groupKey: 'm', oldestSeq: job.seq }])
      const claim = (await claimNext(store, 'm', NOW))!
      expect([claim.id, claim.parts]).toEqual([job.id, 2])
      expect((await wholeBody(records, claim))?.toString()).toBe('{"model":"m"}')
      const request = (await records.request(job.seq))!
      expect((await wholeBody(records, { ...request, seq: job.seq }))?.toString()).toBe('{"model":"m"}')
      expect(await records.requestBytes(job.seq)).toBe(13)
      expect(await records.requestPart(job.seq, 2)).toBeUndefined()
    })

    test('are not claimed before that, even when they are named', async () => {
      const tested = await engine.create()
      const { job } = await arriving(tested)
      const { seq } = await submitJob(tested.store)
      expect((await claimNext(tested.store, 'm', NOW, { awaited: job.seq }))?.seq).toBe(seq)
    })

    test('do not fail by their deadlines before that', async () => {
      const tested = await engine.create()
      const { arrivals, arrival, job, added } = await arriving(tested, { deadlineAt: NOW + 1 })
      const { queue } = tested.store
      expect(await queue.failOverdue(ending(NOW + 10))).toBeUndefined()
      await arrivals.accept(arrival, added)
      await queue.failOverdue(ending(NOW + 10))
      expect(await stateOf(tested.store, job)).toBe('failed')
    })

    test('are deleted with all that belongs to them when it is discarded, and other jobs stay', async () => {
      const tested = await engine.create()
      await runningJob(tested.store)
      const before = await tested.counts()
      const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
      const { arrivals, arrival, added } = await arriving(tested, { webhook })
      await arrivals.discard(arrival)
      await upkeep(tested.store, NOW)
      expect(await tested.counts()).toEqual(before)
      await expect(arrivals.accept(arrival, added)).rejects.toThrow(ArrivalLostError)
    })

    test.each([
      ['is silent for too long', NOW + SILENCE_MS + 1],
      ['lies ahead of a clock that has been set back', NOW - HOUR_MS],
    ])('are deleted when it %s', async (_what, now) => {
      const tested = await engine.create()
      const { arrivals, arrival, job, added } = await arriving(tested)
      await upkeep(tested.store, NOW + SILENCE_MS)
      expect(await countsOf(tested)).toEqual([1, 1, 0, 1, 2, 1])
      await upkeep(tested.store, now)
      expect(await countsOf(tested)).toEqual(NONE)
      const part = { jobSeq: job.seq, n: 2, bytes: Buffer.alloc(1) }
      for (const late of [
        () => arrivals.add({ arrival, jobs: [newJob()], groupKeyOf, now }),
        () => arrivals.addPart(arrival, part, now),
        () => arrivals.accept(arrival, added),
      ])
        await expect(late()).rejects.toThrow(ArrivalLostError)
      expect(await countsOf(tested)).toEqual(NONE)
    })

    test('stay as long as something is added', async () => {
      const tested = await engine.create()
      const { arrivals, arrival, job } = await arriving(tested)
      const part = { jobSeq: job.seq, n: 2, bytes: Buffer.alloc(1) }
      await arrivals.addPart(arrival, part, NOW + SILENCE_MS)
      await upkeep(tested.store, NOW + SILENCE_MS + 1)
      await arrivals.add({ arrival, jobs: [newJob()], groupKeyOf, now: NOW + 2 * SILENCE_MS })
      await upkeep(tested.store, NOW + 3 * SILENCE_MS)
      await arrivals.accept(arrival, { jobs: 2, parts: 3, witness: job.seq })
      expect(await listJobs(tested.store)).toHaveLength(2)
    })

    test.each([
      ['a job', { jobs: 2, parts: 2 }],
      ['a part', { jobs: 1, parts: 3 }],
    ])('are not accepted when the engine has lost %s of them', async (_what, given) => {
      const tested = await engine.create()
      const { arrivals, arrival, job, added } = await arriving(tested)
      const lost = arrivals.accept(arrival, { ...given, witness: job.seq })
      await expect(lost).rejects.toThrow(ArrivalLostError)
      expect(await listJobs(tested.store)).toEqual([])
      expect(await tested.store.queue.waitingLines()).toEqual([])
      await arrivals.accept(arrival, added)
      expect(await listJobs(tested.store)).toHaveLength(1)
    })

    test('are deleted in steps', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { arrivals } = store.submissions
      const arrival = await arrivals.begin(NOW)
      const hundred = () => ({
        arrival,
        jobs: Array.from({ length: 100 }, () => newJob()),
        groupKeyOf,
        now: NOW,
      })
      await Promise.all(Array.from({ length: 13 }, () => arrivals.add(hundred())))
      await arrivals.discard(arrival)
      const left = [1_300]
      for (let more = true; more;) {
        more = (await store.upkeep.step(NOW)).more
        left.push((await tested.counts()).jobs)
      }
      const deleted = left.slice(1).map((jobs, at) => left[at]! - jobs)
      expect(left.at(-1)).toBe(0)
      expect(Math.max(...deleted)).toBeLessThanOrEqual(500)
    })

    test('are deleted with their parts when they expire', async () => {
      const tested = await engine.create()
      const { arrivals, arrival, job, added } = await arriving(tested)
      await arrivals.accept(arrival, added)
      await tested.store.submissions.cancel(job, ending(NOW, 1_000))
      expect(await upkeep(tested.store, NOW + 1_000)).toBe(1)
      expect(await countsOf(tested)).toEqual(NONE)
    })
  })

  test('nobody hears or sees of the jobs of an arrival before it is accepted', async () => {
    const tested = await engine.create()
    const { deliveries, records } = tested.store
    const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
    const { arrivals, arrival, job, added } = await arriving(tested, { webhook })
    const due = async () =>
      (await deliveries.due({ host: 'a.example', caller: 'default', now: NOW + 60_000, limit: 9 })).length
    const seen = async () => [
      await due(),
      (await records.byId(job.id))?.seq,
      (await listJobs(tested.store)).length,
    ]
    expect(await seen()).toEqual([0, undefined, 0])
    expect(await records.bySeq(job.seq)).toMatchObject({ id: job.id, state: 'queued', createdAt: NOW })
    await deliveries.reschedule(NOW)
    expect(await seen()).toEqual([0, undefined, 0])
    await arrivals.accept(arrival, added)
    expect(await seen()).toEqual([1, job.seq, 1])
    expect(await messagesOf(tested.store, job)).toMatchObject([{ nextAttemptAt: NOW }])
  })

  test('the parts of many bodies are deleted in steps', async () => {
    const tested = await engine.create()
    const { store } = tested
    const { arrivals } = store.submissions
    const arrival = await arrivals.begin(NOW)
    const jobs = [newJob({ body: Buffer.alloc(0), parts: 40 })]
    const [job] = await arrivals.add({ arrival, jobs, groupKeyOf, now: NOW })
    const part = (n: number) => ({ jobSeq: job!.seq, n, bytes: Buffer.alloc(10) })
    await Promise.all(Array.from({ length: 40 }, (_, n) => arrivals.addPart(arrival, part(n), NOW)))
    await arrivals.accept(arrival, { jobs: 1, parts: 40, witness: job!.seq })
    await store.submissions.cancel(job!, ending(NOW, 1_000))
    const left = [40]
    for (let more = true; more;) {
      more = (await store.upkeep.step(NOW + 1_000)).more
      left.push((await tested.counts()).parts)
    }
    expect(Math.max(...left.slice(1).map((parts, at) => left[at]! - parts))).toBeLessThanOrEqual(16)
    expect(await countsOf(tested)).toEqual(NONE)
  })

  describe('an idempotency key of an arrival', () => {
    const idempotency = { key: 'k', hash: Buffer.from('one') }
    const asked = { caller: 'default', key: idempotency }

    test('belongs to nobody else while the arrival is written, and to its job afterwards', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { arrivals, arrival, job, added } = await arriving(tested, { idempotency })
      await expect(store.submissions.hasJob({ ...asked, now: NOW })).rejects.toThrow(KeyInUseError)
      await expect(submitJob(store, { idempotency }, NOW)).rejects.toThrow(KeyInUseError)
      await arrivals.accept(arrival, added)
      expect(await submitJob(store, { idempotency }, NOW)).toMatchObject({ id: job.id, isReplayed: true })
    })

    test.each<[what: string, end: (arrival: Awaited<ReturnType<typeof arriving>>) => unknown, now: number]>([
      ['was discarded', ({ arrivals, arrival }) => arrivals.discard(arrival), NOW],
      ['was left by a gateway that died', () => undefined, NOW + SILENCE_MS + 1],
    ])('goes to the next request when the arrival %s', async (_what, end, now) => {
      const tested = await engine.create()
      const { store } = tested
      await end(await arriving(tested, { idempotency }))
      expect(await store.submissions.hasJob({ ...asked, now })).toBe(false)
      const next = await submitJob(store, { idempotency }, now)
      expect(next.isReplayed).toBe(false)
      await upkeep(store, now)
      expect((await listJobs(store)).map(({ id }) => id)).toEqual([next.id])
    })

    test('is not shared when the gateway that was silent for too long goes on', async () => {
      const tested = await engine.create()
      const { store } = tested
      const { arrivals, arrival, added } = await arriving(tested, { idempotency })
      const next = await submitJob(store, { idempotency }, NOW + SILENCE_MS + 1)
      await expect(arrivals.accept(arrival, added)).rejects.toThrow(ArrivalLostError)
      expect((await listJobs(store)).map(({ id }) => id)).toEqual([next.id])
    })

    test('that has a job already gets it, and an arrival of nothing else can be accepted', async () => {
      const { store } = await engine.create()
      const { arrivals } = store.submissions
      const first = await submitJob(store, { idempotency }, NOW)
      const arrival = await arrivals.begin(NOW)
      const jobs = [newJob({ idempotency })]
      const [job] = await arrivals.add({ arrival, jobs, groupKeyOf, now: NOW })
      expect(job).toEqual({ seq: first.seq, id: first.id, isReplayed: true })
      await arrivals.accept(arrival, { jobs: 0, parts: 0, witness: undefined })
      expect(await listJobs(store)).toHaveLength(1)
    })
  })

  test('a body that is not in parts is read at once, and one whose request is deleted is undefined', async () => {
    const { store } = await engine.create()
    const body = Buffer.from('{}')
    expect(await wholeBody(store.records, { seq: 1, body, parts: 0 })).toBe(body)
    expect(await wholeBody(store.records, { seq: 1, body, parts: 2 })).toBeUndefined()
  })
}
