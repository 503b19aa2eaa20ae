import { describe, expect, test } from 'vitest'
import { HOUR_MS, newJob, runningJob, tempStore } from '../testing/temp-store.ts'
import type { JobFilter } from './list.ts'

describe('a list', () => {
  const START = 1_000_000
  const filled = () => {
    const { store } = tempStore()
    const given = [
      { modelName: 'a', caller: 'ann' },
      { modelName: 'b', caller: 'bob' },
      { modelName: 'a', caller: 'bob' },
      { modelName: 'b', caller: 'ann' },
      { modelName: 'a', caller: 'ann' },
    ]
    for (const [at, one] of given.entries())
      store.submissions.enqueue(newJob({ ...one, groupKey: `${at}` }), START + at * 10)
    store.queue.claimNext('0', 'first', START, START)
    const ended = store.queue.claimNext('1', 'first', START, START)!
    store.runs.finish(
      ended,
      { state: 'failed', answerAttempt: null, errorCode: 'http_error' },
      START,
      HOUR_MS,
    )
    return store
  }

  test.each<[filter: Omit<JobFilter, 'limit'>, seqs: number[]]>([
    [{}, [5, 4, 3, 2, 1]],
    [{ caller: 'ann' }, [5, 4, 1]],
    [{ caller: 'nobody' }, []],
    [{ modelName: 'b' }, [4, 2]],
    [{ state: 'queued' }, [5, 4, 3]],
    [{ state: 'running' }, [1]],
    [{ state: 'failed' }, [2]],
    [{ state: 'succeeded' }, []],
    [{ state: 'queued', caller: 'ann', modelName: 'a' }, [5]],
    [{ since: START + 20 }, [5, 4, 3]],
    [{ since: START + 21 }, [5, 4]],
    [{ since: START + 100 }, []],
    [{ since: 0 }, [5, 4, 3, 2, 1]],
    [{ before: 3 }, [2, 1]],
    [{ before: 4, state: 'queued' }, [3]],
  ])('filters by %j', (filter, seqs) => {
    expect(
      filled()
        .records.list({ ...filter, limit: 10 })
        .map(({ seq }) => seq),
    ).toEqual(seqs)
  })

  test('takes several steps for many jobs, and for many numbers without a job', () => {
    const { store, run } = tempStore()
    const enqueue = (count: number) => {
      for (let at = 0; at < count; at++) store.submissions.enqueue(newJob(), START)
    }
    enqueue(30)
    run("UPDATE sqlite_sequence SET seq = 100000 WHERE name = 'jobs'")
    enqueue(30)
    const steps = [...store.records.listInSteps({ limit: 50 })]
    expect(steps).toHaveLength(6)
    expect(Math.max(...steps.map(step => step.length))).toBe(20)
    const seqs = [...Array(30).keys()].map(at => at + 1)
    expect(steps.flat().map(({ seq }) => seq)).toEqual(
      [...seqs, ...seqs.map(seq => seq + 100_000)].toReversed().slice(0, 50),
    )
  })

  test('of no jobs is empty', () => {
    expect(tempStore().store.records.list({ limit: 5 })).toEqual([])
  })

  test('has at most `limit` jobs', () => {
    expect(
      filled()
        .records.list({ limit: 2 })
        .map(({ seq }) => seq),
    ).toEqual([5, 4])
  })
})

test('a job is found by its id and by its seq, with its metadata', () => {
  const { store } = tempStore()
  const metadata = '{ "a": [1.0, 1234567890123456789, {"b":"\u00e9"}] }'
  const { seq, id } = store.submissions.enqueue(
    newJob({ metadata, priority: 'low', deadlineAt: 9_000, maxAttempts: 4 }),
    1_000,
  )
  const expected = { seq, id, metadata, priority: 2, deadlineAt: 9_000, maxAttempts: 4, caller: 'default' }
  expect(store.records.byId(id)).toMatchObject(expected)
  expect(store.records.bySeq(seq)).toEqual(store.records.byId(id))
  expect(store.records.byId('job_0')).toBeUndefined()
  expect(store.records.bySeq(99)).toBeUndefined()
})

test('a position counts the queued jobs before a job, up to a bound', () => {
  const { store } = tempStore()
  const jobs = Array.from({ length: 6 }, () => store.submissions.enqueue(newJob(), 1_000))
  const last = jobs.at(-1)!.seq
  expect(store.records.position(last, 100)).toBe(5)
  expect(store.records.position(last, 3)).toBe(3)
  store.queue.claimNext('m', 'first', 1_000, 1_000)
  store.submissions.cancel(jobs[1]!, 1_000, HOUR_MS)
  expect(store.records.position(last, 100)).toBe(3)
  expect([store.records.queued(), store.records.ended()]).toEqual([4, 1])
})

test('a request is returned as it was submitted, with its webhook', () => {
  const { store } = tempStore()
  const body = Buffer.from([0, 255, 10])
  const webhook = { url: 'http://a.example/', events: ['job.failed'] } as const
  const { seq } = store.submissions.enqueue(newJob({ body, webhook }), 1_000)
  expect(store.records.request(seq)).toEqual({ headers: newJob().headers, body, parts: 0, webhook })
  const plain = store.submissions.enqueue(newJob({ metadata: '{}' }), 1_000)
  expect(store.records.request(plain.seq)).not.toHaveProperty('webhook')
  expect(store.records.request(99)).toBeUndefined()
})

test('a log can be read from any entry on, and entries never change', () => {
  const temp = tempStore()
  const { store } = temp
  const { job, claim } = runningJob(store)
  const pieces = Array.from({ length: 100 }, (_, at) => Buffer.from(`${at}`))
  store.runs.append(claim, { head: { status: 200, headers: [] }, body: pieces })
  store.runs.progress(claim, 7, 2_000)
  store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, 3_000, HOUR_MS)
  const all = []
  for (let after = 0; ;) {
    const entries = store.records.log(job.seq, after)
    if (entries.length === 0) break
    all.push(...entries)
    after = entries.at(-1)!.id
  }
  expect(all.map(({ kind }) => kind)).toEqual([
    'event',
    'event',
    'head',
    ...pieces.map(() => 'body'),
    'event',
    'event',
  ])
  expect(all.at(-2)).toMatchObject({ event: { type: 'progress', attempt: 1, tokens: 7, at: 2_000 } })
  for (const [at, { id }] of all.entries()) {
    expect(store.records.log(job.seq, id)).toEqual(all.slice(at + 1, at + 33))
  }
})
