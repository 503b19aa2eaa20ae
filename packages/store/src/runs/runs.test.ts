import { describe, expect, test } from 'vitest'
import { JobLostError } from '../errors.ts'
import type { Claim } from '../queue/claim.ts'
import { eventsOf, HOUR_MS, newJob, runningJob, type TempStore, tempStore } from '../testing/temp-store.ts'
import type { Finish } from './finish.ts'

const row = ({ rows }: TempStore, seq: number) => rows('SELECT * FROM jobs WHERE seq = ?', seq)[0]!

/** Whether a job of this group is ready. */
const isWaiting = ({ queue }: TempStore['store'], groupKey: string): boolean =>
  queue.waitingLines().some(line => line.groupKey === groupKey)

/** The content of all tables about jobs. */
const everything = ({ rows }: TempStore) =>
  ['jobs', 'job_requests', 'job_log'].map(table => rows(`SELECT * FROM ${table}`))

const head = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] as const }
const provisional = { head: { status: 503, headers: [['A', 'b']] as const }, body: Buffer.from('busy') }
const succeeded: Finish = { state: 'succeeded', answerAttempt: 1, statusCode: 200 }

describe('waiting lines', () => {
  test('are the groups with a ready job, each with its oldest', () => {
    const { store } = tempStore()
    const groups: [string, number][] = [
      ['b', 10],
      ['a', 20],
      ['b', 30],
      ['c', 40],
      ['a', 50],
    ]
    for (const [groupKey, now] of groups) store.submissions.enqueue(newJob({ groupKey }), now)
    const later = store.submissions.enqueue(newJob({ groupKey: 'd' }), 60)
    const delayed = store.queue.claimNext('d', 'first', 60, 60)!
    store.runs.release(delayed, { code: 'target_busy', spent: true, availableAt: 1_000 }, 60, HOUR_MS)
    expect(store.queue.claimNext('c', 'first', 60, 60)).toBeDefined()
    expect(later.seq).toBe(delayed.seq)
    expect(store.queue.waitingLines().toSorted((a, b) => a.oldestSeq - b.oldestSeq)).toEqual([
      { groupKey: 'b', priority: 1, oldestSeq: 1, oldestCreatedAt: 10 },
      { groupKey: 'a', priority: 1, oldestSeq: 2, oldestCreatedAt: 20 },
    ])
    expect(['a', 'b', 'c', 'd', 'e'].map(key => isWaiting(store, key))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  test('do not exist in an empty file, and may have any group key', () => {
    const { store } = tempStore()
    expect(store.queue.waitingLines()).toEqual([])
    for (const groupKey of ['', "'", '\u{10ffff}', 'A', 'a'])
      store.submissions.enqueue(newJob({ groupKey }), 1)
    expect(
      store.queue
        .waitingLines()
        .map(group => group.groupKey)
        .toSorted(),
    ).toEqual(['', "'", 'A', 'a', '\u{10ffff}'])
  })
})

describe('the job that a group awaits', () => {
  test('comes before more urgent ones', () => {
    const { store } = tempStore()
    const [, awaited] = [1, 2].map(() => store.submissions.enqueue(newJob(), 1_000))
    store.submissions.enqueue(newJob({ priority: 'high' }), 1_000)
    expect(store.queue.next('m', awaited!.seq)?.seq).toBe(awaited!.seq)
    expect(store.queue.claimNext('m', 'first', 2_000, 2_000, awaited!.seq)?.seq).toBe(awaited!.seq)
  })

  test.each<[what: string, groupKey: string, cancelled: boolean]>([
    ['is no longer ready', 'm', true],
    ['is of another group', 'other', false],
  ])('is passed over when it %s', (_what, groupKey, cancelled) => {
    const { store } = tempStore()
    const awaited = store.submissions.enqueue(newJob({ groupKey }), 1_000)
    if (cancelled) store.submissions.cancel(awaited, 1_000, HOUR_MS)
    const { seq } = store.submissions.enqueue(newJob(), 1_000)
    expect(store.queue.next('m', awaited.seq)?.seq).toBe(seq)
  })
})

describe('a claim', () => {
  test('takes the oldest job of the group', () => {
    const { store } = tempStore()
    for (const groupKey of ['a', 'b', 'b']) store.submissions.enqueue(newJob({ groupKey }), 1_000)
    expect(store.queue.claimNext('b', 'first', 2_000, 2_000)?.seq).toBe(2)
    expect(store.queue.claimNext('b', 'first', 2_000, 2_000)?.seq).toBe(3)
    expect(store.queue.claimNext('b', 'first', 2_000, 2_000)).toBeUndefined()
    expect(isWaiting(store, 'a')).toBe(true)
  })

  test('gives the job a new token, and logs the reason for the choice', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    expect(row(temp, job.seq)).toMatchObject({
      state: 'running',
      claim_token: claim.token,
      attempt: 1,
      started_at: 1_000,
    })
    expect(eventsOf(temp, job).at(-1)).toEqual({ type: 'started', attempt: 1, reason: 'first', at: 1_000 })
    temp.store.runs.release(claim, { code: 'target_away', spent: false }, 2_000, HOUR_MS)
    const next = temp.store.queue.claimNext('m', 'resident', 1_000, 3_000)!
    expect(next.attempt).toBe(2)
    expect(next.token).not.toBe(claim.token)
  })

  test('records which group has the turn, for the next worker', () => {
    const { store } = tempStore()
    expect(store.queue.turn()).toBeUndefined()
    store.submissions.enqueue(newJob({ groupKey: 'g' }), 1_000)
    store.queue.claimNext('nothing', 'first', 500, 2_000)
    expect(store.queue.turn()).toBeUndefined()
    store.queue.claimNext('g', 'first', 1_500, 2_000)
    expect(store.queue.turn()).toEqual({ groupKey: 'g', startedAt: 1_500 })
  })
})

describe('a run that has lost its job', () => {
  const acts: [what: string, act: (temp: TempStore, claim: Claim) => unknown][] = [
    ['append', ({ store }, claim) => store.runs.append(claim, { head, body: Buffer.from('x') })],
    ['finish', ({ store }, claim) => store.runs.finish(claim, { ...succeeded, provisional }, 9_000, HOUR_MS)],
    [
      'release',
      ({ store }, claim) =>
        store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, 9_000, HOUR_MS),
    ],
  ]
  const losses: [how: string, lose: (temp: TempStore, claim: Claim) => unknown][] = [
    ['was requeued', ({ store }) => store.runs.requeueLost(2_000, HOUR_MS)],
    [
      'was requeued and claimed anew',
      ({ store }) => {
        store.runs.requeueLost(2_000, HOUR_MS)
        store.queue.claimNext('m', 'first', 2_000, 2_000)
      },
    ],
    [
      'was released',
      ({ store }, claim) => store.runs.release(claim, { code: 'target_away', spent: false }, 2_000, HOUR_MS),
    ],
    ['has ended', ({ store }, claim) => store.runs.finish(claim, succeeded, 2_000, HOUR_MS)],
    [
      'has been deleted',
      ({ store }, claim) => {
        store.runs.finish(claim, succeeded, 2_000, 0)
        store.housekeeping.pruneExpired(2_000)
      },
    ],
  ]

  test.each(acts.flatMap(([what, act]) => losses.map(([how, lose]) => [what, how, act, lose] as const)))(
    'cannot %s when the job %s, and writes nothing',
    (_what, _how, act, lose) => {
      const temp = tempStore()
      const { claim } = runningJob(temp.store)
      lose(temp, claim)
      const before = everything(temp)
      expect(() => act(temp, claim)).toThrow(JobLostError)
      expect(everything(temp)).toEqual(before)
    },
  )

  test.each(acts)("cannot %s with another run's token", (_what, act) => {
    const temp = tempStore()
    const { claim } = runningJob(temp.store)
    const before = everything(temp)
    expect(() => act(temp, { ...claim, token: 'another' })).toThrow(JobLostError)
    expect(everything(temp)).toEqual(before)
  })
})

describe('output', () => {
  test('that is longer than a row is split into rows without loss', () => {
    const temp = tempStore()
    const { claim } = runningJob(temp.store)
    const body = Buffer.from(Array.from({ length: 200_001 }, (_, at) => at % 251))
    temp.store.runs.append(claim, { head, body: body.subarray(0, 100) })
    temp.store.runs.append(claim, {
      body: new Uint8Array(body.buffer, body.byteOffset + 100, body.byteLength - 100),
    })
    const rows = temp.rows<{ bytes: Buffer }>("SELECT bytes FROM job_log WHERE kind = 'body' ORDER BY id")
    expect(rows.map(({ bytes }) => bytes.byteLength)).toEqual([100, 65_536, 65_536, 65_536, 3_293])
    expect(Buffer.concat(rows.map(({ bytes }) => bytes)).equals(body)).toBe(true)
  })

  test('without bytes writes no row', () => {
    const temp = tempStore()
    const { claim } = runningJob(temp.store)
    temp.store.runs.append(claim, { body: Buffer.alloc(0) })
    temp.store.runs.append(claim, {})
    expect(temp.rows("SELECT * FROM job_log WHERE kind <> 'event'")).toEqual([])
  })
})

describe('a finish', () => {
  test('ends the job and records how', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.finish(
      claim,
      { state: 'failed', answerAttempt: null, errorCode: 'stall', errorMessage: 'fell silent' },
      2_000,
      HOUR_MS,
    )
    expect(row(temp, job.seq)).toMatchObject({
      state: 'failed',
      answer_attempt: null,
      status_code: null,
      error_code: 'stall',
      error_message: 'fell silent',
      claim_token: null,
      finished_at: 2_000,
      expires_at: 2_000 + HOUR_MS,
    })
    expect(eventsOf(temp, job).at(-1)).toEqual({ type: 'failed', attempt: 1, code: 'stall', at: 2_000 })
  })

  test('puts a provisional answer into the log', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.finish(
      claim,
      { state: 'failed', answerAttempt: 1, statusCode: 503, provisional },
      2_000,
      HOUR_MS,
    )
    expect(temp.store.output.read(job.seq, undefined)?.pieces).toMatchObject([
      { kind: 'head', head: provisional.head },
      { kind: 'body', bytes: provisional.body },
    ])
  })

  test('clears a requested cancellation', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.submissions.cancel(job, 1_500, HOUR_MS)
    temp.store.runs.finish(claim, succeeded, 2_000, HOUR_MS)
    expect(row(temp, job.seq)).toMatchObject({ state: 'succeeded', cancel_requested_at: null })
    expect(temp.store.runs.cancelRequests()).toEqual([])
  })
})

describe('a release', () => {
  test('puts the job back at its old place', () => {
    const { store } = tempStore()
    const { claim } = runningJob(store)
    store.submissions.enqueue(newJob(), 1_000)
    expect(store.runs.release(claim, { code: 'target_away', spent: false }, 2_000, HOUR_MS)).toBe('queued')
    expect(store.queue.claimNext('m', 'first', 3_000, 3_000)?.seq).toBe(claim.seq)
  })

  test.each([
    [true, 1],
    [false, 0],
  ])('counts the attempt if it was spent (%s)', (spent, failedAttempts) => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.release(claim, { code: 'stall', spent }, 2_000, HOUR_MS)
    expect(eventsOf(temp, job).at(-1)).toEqual({ type: 'released', attempt: 1, code: 'stall', at: 2_000 })
    expect(temp.store.queue.claimNext('m', 'first', 3_000, 3_000)).toMatchObject({
      attempt: 2,
      failedAttempts,
    })
  })

  test('with a delay keeps the job back until it is due', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.release(claim, { code: 'stall', spent: true, availableAt: 2_500 }, 2_000, HOUR_MS)
    expect(eventsOf(temp, job).at(-1)).toEqual({
      type: 'released',
      attempt: 1,
      code: 'stall',
      availableAt: 2_500,
      at: 2_000,
    })
    expect(isWaiting(temp.store, 'm')).toBe(false)
    expect(temp.store.queue.promoteDue(2_499, 60_000)).toBe(2_500)
    expect(isWaiting(temp.store, 'm')).toBe(false)
    expect(temp.store.queue.promoteDue(2_500, 60_000)).toBeUndefined()
    expect(isWaiting(temp.store, 'm')).toBe(true)
  })

  test('with an answer makes it the best so far, until a later attempt brings another', () => {
    const { store } = tempStore()
    const { claim } = runningJob(store)
    store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, 2_000, HOUR_MS)
    const second = store.queue.claimNext('m', 'first', 3_000, 3_000)!
    expect(second.answerAttempt).toBe(1)
    store.runs.release(second, { code: 'stall', spent: true }, 4_000, HOUR_MS)
    const third = store.queue.claimNext('m', 'first', 5_000, 5_000)!
    expect(third.answerAttempt).toBe(1)
    store.runs.release(third, { code: 'target_busy', spent: true, provisional }, 6_000, HOUR_MS)
    expect(store.queue.claimNext('m', 'first', 7_000, 7_000)?.answerAttempt).toBe(3)
  })

  test('of a job whose cancellation was requested meanwhile ends the job', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.submissions.cancel(job, 1_500, HOUR_MS)
    expect(
      temp.store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, 2_000, HOUR_MS),
    ).toBe('cancelled')
    expect(row(temp, job.seq)).toMatchObject({
      state: 'cancelled',
      error_code: 'cancelled',
      answer_attempt: null,
      expires_at: 2_000 + HOUR_MS,
    })
    expect(temp.store.queue.waitingLines()).toEqual([])
    expect(eventsOf(temp, job).map(({ type }) => type)).toEqual([
      'queued',
      'started',
      'cancel_requested',
      'cancelled',
    ])
  })
})

describe('delayed jobs', () => {
  const delayed = (temp: TempStore, ...dueTimes: number[]) => {
    const claims = dueTimes.map(() => runningJob(temp.store).claim)
    for (const [at, availableAt] of dueTimes.entries()) {
      temp.store.runs.release(claims[at]!, { code: 'stall', spent: true, availableAt }, 1_000, HOUR_MS)
    }
  }

  test('become ready when they are due; promoteDue returns when the next one is', () => {
    const temp = tempStore()
    delayed(temp, 3_000, 2_000, 4_000)
    expect(temp.store.queue.promoteDue(1_000, 60_000)).toBe(2_000)
    expect(temp.store.queue.promoteDue(3_000, 60_000)).toBe(4_000)
    expect(temp.rows('SELECT available_at FROM jobs ORDER BY seq')).toEqual([
      { available_at: null },
      { available_at: null },
      { available_at: 4_000 },
    ])
  })

  test('with the longest delay wait until it ends', () => {
    const temp = tempStore()
    delayed(temp, 61_000)
    expect(temp.store.queue.promoteDue(1_000, 60_000)).toBe(61_000)
    expect(isWaiting(temp.store, 'm')).toBe(false)
  })

  test('become ready although the clock was set back', () => {
    const temp = tempStore()
    delayed(temp, 3_600_000, 1_500)
    expect(temp.store.queue.promoteDue(1_000, 60_000)).toBe(1_500)
    expect(temp.store.queue.promoteDue(1_500, 60_000)).toBeUndefined()
    expect(temp.rows('SELECT * FROM jobs WHERE available_at IS NOT NULL')).toEqual([])
  })

  test('cause no write when there are none', () => {
    const temp = tempStore()
    const version = () => temp.rows('PRAGMA data_version')
    const before = version()
    expect(temp.store.queue.promoteDue(1_000, 60_000)).toBeUndefined()
    expect(version()).toEqual(before)
  })
})

describe('a job that a dead worker left running', () => {
  test('is ready at once; the loss is counted and no attempt is spent', () => {
    const temp = tempStore()
    const { job } = runningJob(temp.store)
    expect(temp.store.runs.requeueLost(2_000, HOUR_MS)).toEqual({
      requeued: 1,
      failed: 0,
      cancelled: 0,
      broken: [],
    })
    expect(row(temp, job.seq)).toMatchObject({
      state: 'queued',
      lost_count: 1,
      failed_attempts: 0,
      available_at: null,
    })
    expect(eventsOf(temp, job).slice(-2)).toEqual([
      { type: 'lost', attempt: 1, at: 2_000 },
      { type: 'released', attempt: 1, code: 'worker_lost', at: 2_000 },
    ])
  })

  test('together with others does not count the loss, and runs alone from then on', () => {
    const temp = tempStore()
    const jobs = [1, 2].map(() => runningJob(temp.store, { streaming: false }).job)
    expect(temp.store.runs.requeueLost(2_000, HOUR_MS)).toMatchObject({ requeued: 2 })
    for (const { seq } of jobs) expect(row(temp, seq)).toMatchObject({ lost_count: 0, runs_alone: 1 })
    expect(temp.store.queue.next('m')).toEqual({ seq: jobs[0]!.seq, runsAlone: true })
    expect(temp.store.queue.claimNext('m', 'first', 2_000, 2_000)).toMatchObject({ runsAlone: true })
  })

  test('fails at the third loss of its own, not counting the one that it shared', () => {
    const temp = tempStore()
    const [killer, innocent] = [1, 2].map(() => runningJob(temp.store, { streaming: false }).job)
    temp.store.runs.requeueLost(2_000, HOUR_MS)
    for (const expected of [{ requeued: 1 }, { requeued: 1 }, { failed: 1 }]) {
      temp.store.queue.claimNext('m', 'first', 2_000, 2_000)
      expect(temp.store.runs.requeueLost(2_000, HOUR_MS)).toMatchObject(expected)
    }
    expect(row(temp, killer!.seq)).toMatchObject({ state: 'failed', attempt: 4, error_code: 'worker_lost' })
    expect(row(temp, innocent!.seq)).toMatchObject({ state: 'queued', attempt: 1, lost_count: 0 })
  })

  test('goes on running alone after the target has failed it', () => {
    const temp = tempStore()
    const { seq } = runningJob(temp.store).job
    runningJob(temp.store)
    temp.store.runs.requeueLost(2_000, HOUR_MS)
    const claim = temp.store.queue.claimNext('m', 'first', 2_000, 2_000)!
    temp.store.runs.release(claim, { code: 'target_busy', spent: true }, 3_000, HOUR_MS)
    expect(temp.store.queue.next('m')).toEqual({ seq, runsAlone: true })
  })

  test('is the only kind of job that requeueLost changes', () => {
    const temp = tempStore()
    temp.store.submissions.enqueue(newJob(), 1_000)
    expect(temp.store.runs.requeueLost(2_000, HOUR_MS)).toEqual({
      requeued: 0,
      failed: 0,
      cancelled: 0,
      broken: [],
    })
  })

  test('fails when it is lost for the third time', () => {
    const temp = tempStore()
    const { job } = runningJob(temp.store, { streaming: false })
    for (const expected of [{ requeued: 1 }, { requeued: 1 }, { failed: 1 }]) {
      expect(temp.store.runs.requeueLost(2_000, HOUR_MS)).toMatchObject(expected)
      temp.store.queue.claimNext('m', 'first', 2_000, 2_000)
    }
    expect(row(temp, job.seq)).toMatchObject({
      state: 'failed',
      error_code: 'worker_lost',
      lost_count: 3,
      attempt: 3,
      answer_attempt: null,
    })
    expect(row(temp, job.seq)['error_message']).toMatch(/3 times/)
  })

  test('fails with the best answer so far', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, 2_000, HOUR_MS)
    for (let loss = 0; loss < 3; loss++) {
      temp.store.queue.claimNext('m', 'first', 2_000, 2_000)
      temp.store.runs.requeueLost(2_000, HOUR_MS)
    }
    expect(row(temp, job.seq)).toMatchObject({ state: 'failed', answer_attempt: 1, attempt: 4 })
  })

  test.each<[streaming: boolean, output: string, state: string]>([
    [true, 'head and body', 'failed'],
    [true, 'head', 'queued'],
    [true, 'nothing', 'queued'],
    [false, 'head and body', 'queued'],
    [false, 'nothing', 'queued'],
  ])('with a streaming caller (%s) and this output so far (%s) becomes %s', (streams, output, state) => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store, { streaming: streams })
    if (output === 'head') temp.store.runs.append(claim, { head })
    if (output === 'head and body') temp.store.runs.append(claim, { head, body: Buffer.from('x') })
    temp.store.runs.requeueLost(2_000, HOUR_MS)
    expect(row(temp, job.seq)['state']).toBe(state)
    const isFailed = state === 'failed'
    expect(row(temp, job.seq)).toMatchObject({
      error_code: isFailed ? 'worker_lost' : null,
      answer_attempt: isFailed ? 1 : null,
    })
  })

  test('runs again although an earlier attempt brought an answer that no caller got', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, 2_000, HOUR_MS)
    temp.store.queue.claimNext('m', 'first', 2_000, 2_000)
    expect(temp.store.runs.requeueLost(3_000, HOUR_MS)).toMatchObject({ requeued: 1 })
    expect(row(temp, job.seq)).toMatchObject({ state: 'queued', answer_attempt: 1 })
  })

  test('ends when its cancellation was requested', () => {
    const temp = tempStore()
    const { job, claim } = runningJob(temp.store)
    temp.store.runs.append(claim, { head, body: Buffer.from('x') })
    temp.store.submissions.cancel(job, 1_500, HOUR_MS)
    expect(temp.store.runs.requeueLost(2_000, HOUR_MS)).toEqual({
      requeued: 0,
      failed: 0,
      cancelled: 1,
      broken: [],
    })
    expect(row(temp, job.seq)).toMatchObject({ state: 'cancelled', lost_count: 1, answer_attempt: null })
  })
})
