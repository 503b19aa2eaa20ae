import { describe, expect, test } from 'vitest'
import { ArrivalLostError, KeyInUseError } from '../errors.ts'
import { wholeBody } from '../records/whole-body.ts'
import { HOUR_MS, newJob, runningJob, type TempStore, tempStore } from '../testing/temp-store.ts'

const NOW = 1_000_000
const SILENCE_MS = 30_000
const TABLES = ['jobs', 'job_requests', 'job_details', 'job_log', 'request_parts', 'arrivals']

const counts = ({ rows }: TempStore) =>
  TABLES.map(table => rows<{ n: number }>(`SELECT count(*) n FROM ${table}`)[0]!.n)

const prune = ({ store }: TempStore, now: number): void => {
  while (store.housekeeping.pruneArrivals(now).more);
}

/** A job whose body is in two parts, in an arrival that has not been accepted. */
const arriving = (temp: TempStore, differing: Parameters<typeof newJob>[0] = {}) => {
  const { arrivals } = temp.store.submissions
  const arrival = arrivals.begin(NOW)
  const long = newJob({ ...differing, body: Buffer.alloc(0), parts: 2 })
  const [job] = arrivals.add(arrival, [long], NOW)
  const parts = ['{"model"', ':"m"}']
  const { seq } = job!
  for (const [n, part] of parts.entries())
    arrivals.addPart(arrival, { seq, n, bytes: Buffer.from(part) }, NOW)
  return { arrivals, arrival, job: job! }
}

describe('the jobs of an arrival', () => {
  test('run once it is accepted, with their whole bodies', async () => {
    const temp = tempStore()
    const { queue, records } = temp.store
    const { arrivals, arrival, job } = arriving(temp)
    expect(queue.waitingLines()).toEqual([])
    expect(queue.claimNext('m', 'first', NOW, NOW)).toBeUndefined()
    arrivals.accept(arrival)
    expect(queue.waitingLines()).toMatchObject([{ groupKey: 'm', oldestSeq: job.seq }])
    const claim = queue.claimNext('m', 'first', NOW, NOW)!
    expect(claim.id).toBe(job.id)
    expect((await wholeBody(records, claim))?.toString()).toBe('{"model":"m"}')
    const request = records.request(job.seq)!
    expect((await wholeBody(records, { ...request, seq: job.seq }))?.toString()).toBe('{"model":"m"}')
  })

  test('do not fail by their deadlines before that', () => {
    const temp = tempStore()
    const { arrivals, arrival, job } = arriving(temp, { deadlineAt: NOW + 1 })
    const { queue, records } = temp.store
    expect(queue.failOverdue(NOW + 10, HOUR_MS)).toBeUndefined()
    arrivals.accept(arrival)
    queue.failOverdue(NOW + 10, HOUR_MS)
    expect(records.bySeq(job.seq)?.state).toBe('failed')
  })

  test('are deleted with all that belongs to them when it is discarded, and other jobs stay', () => {
    const temp = tempStore()
    runningJob(temp.store)
    const before = counts(temp)
    const { arrivals, arrival } = arriving(temp, {
      webhook: { url: 'http://a.example/', events: ['job.failed'] },
    })
    arrivals.discard(arrival)
    prune(temp, NOW)
    expect(counts(temp)).toEqual(before)
    expect(() => arrivals.accept(arrival)).toThrow(ArrivalLostError)
  })

  test.each([
    ['is silent for too long', NOW + SILENCE_MS + 1],
    ['lies ahead of a clock that has been set back', NOW - HOUR_MS],
  ])('are deleted when it %s', (_what, now) => {
    const temp = tempStore()
    const { arrivals, arrival, job } = arriving(temp)
    prune(temp, NOW + SILENCE_MS)
    expect(counts(temp)).toEqual([1, 1, 0, 1, 2, 1])
    prune(temp, now)
    expect(counts(temp)).toEqual(TABLES.map(() => 0))
    for (const late of [
      () => arrivals.add(arrival, [newJob()], now),
      () => arrivals.addPart(arrival, { seq: job.seq, n: 2, bytes: Buffer.alloc(1) }, now),
      () => arrivals.accept(arrival),
    ])
      expect(late).toThrow(ArrivalLostError)
    expect(counts(temp)).toEqual(TABLES.map(() => 0))
  })

  test('are deleted in steps', () => {
    const temp = tempStore()
    const { arrivals } = temp.store.submissions
    const arrival = arrivals.begin(NOW)
    for (let step = 0; step < 13; step++)
      arrivals.add(
        arrival,
        Array.from({ length: 100 }, () => newJob()),
        NOW,
      )
    arrivals.discard(arrival)
    const left = [1_300]
    while (temp.store.housekeeping.pruneArrivals(NOW).more) left.push(counts(temp)[0]!)
    const deleted = left.slice(1).map((jobs, at) => left[at]! - jobs)
    expect([left.at(-1), Math.max(...deleted)]).toEqual([0, 500])
  })

  test('are deleted with their parts when they expire', () => {
    const temp = tempStore()
    const { arrivals, arrival, job } = arriving(temp)
    arrivals.accept(arrival)
    temp.store.submissions.cancel(job, NOW, 1_000)
    temp.store.housekeeping.pruneExpired(NOW + 1_000)
    expect(counts(temp)).toEqual(TABLES.map(() => 0))
  })
})

test('nobody hears or sees of the jobs of an arrival before it is accepted', () => {
  const temp = tempStore()
  const { deliveries, records } = temp.store
  const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
  const { arrivals, arrival, job } = arriving(temp, { webhook })
  const due = () => deliveries.due({ host: 'a.example', caller: 'default' }, NOW + 60_000, 9).length
  expect([due(), records.byId(job.id), records.list({ limit: 9 })]).toEqual([0, undefined, []])
  arrivals.accept(arrival)
  expect([due(), records.byId(job.id)?.seq, records.list({ limit: 9 }).length]).toEqual([1, job.seq, 1])
})

test('the parts of many bodies are deleted in steps', () => {
  const temp = tempStore()
  const { arrivals } = temp.store.submissions
  const arrival = arrivals.begin(NOW)
  const [job] = arrivals.add(arrival, [newJob({ body: Buffer.alloc(0), parts: 40 })], NOW)
  for (let n = 0; n < 40; n++) arrivals.addPart(arrival, { seq: job!.seq, n, bytes: Buffer.alloc(10) }, NOW)
  arrivals.accept(arrival)
  temp.store.submissions.cancel(job!, NOW, 1_000)
  const left = []
  while (temp.store.housekeeping.pruneExpired(NOW + 1_000).more) left.push(counts(temp)[4])
  expect(left).toEqual([24, 8])
  expect(counts(temp)).toEqual(TABLES.map(() => 0))
})

describe('an idempotency key of an arrival', () => {
  const idempotency = { key: 'k', hash: Buffer.from('one') }

  test('belongs to nobody else while the arrival is written, and to its job afterwards', () => {
    const temp = tempStore()
    const { submissions } = temp.store
    const { arrivals, arrival, job } = arriving(temp, { idempotency })
    expect(() => submissions.hasJob('default', idempotency, NOW)).toThrow(KeyInUseError)
    expect(() => submissions.enqueue(newJob({ idempotency }), NOW)).toThrow(KeyInUseError)
    arrivals.accept(arrival)
    expect(submissions.enqueue(newJob({ idempotency }), NOW)).toMatchObject({ id: job.id, isReplayed: true })
  })

  test.each<[what: string, end: (arrival: ReturnType<typeof arriving>) => void, now: number]>([
    ['was discarded', ({ arrivals, arrival }) => arrivals.discard(arrival), NOW],
    ['was left by a gateway that died', () => undefined, NOW + SILENCE_MS + 1],
  ])('goes to the next request when the arrival %s', (_what, end, now) => {
    const temp = tempStore()
    const { submissions } = temp.store
    end(arriving(temp, { idempotency }))
    expect(submissions.hasJob('default', idempotency, now)).toBe(false)
    const next = submissions.enqueue(newJob({ idempotency }), now)
    expect(next.isReplayed).toBe(false)
    prune(temp, now)
    expect(temp.store.records.list({ limit: 9 }).map(({ id }) => id)).toEqual([next.id])
  })

  test('is not shared when the gateway that was silent for too long goes on', () => {
    const temp = tempStore()
    const { submissions, records } = temp.store
    const { arrivals, arrival } = arriving(temp, { idempotency })
    const next = submissions.enqueue(newJob({ idempotency }), NOW + SILENCE_MS + 1)
    expect(() => arrivals.accept(arrival)).toThrow(ArrivalLostError)
    expect(records.list({ limit: 9 }).map(({ id }) => id)).toEqual([next.id])
  })
})

test('a body that is not in parts is read at once, and one whose request is deleted is undefined', async () => {
  const { records } = tempStore().store
  const body = Buffer.from('{}')
  expect(await wholeBody(records, { seq: 1, body, parts: 0 })).toBe(body)
  expect(await wholeBody(records, { seq: 1, body, parts: 2 })).toBeUndefined()
})
