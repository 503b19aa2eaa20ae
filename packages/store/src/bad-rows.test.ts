import Database from 'better-sqlite3'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { BrokenJobError } from './broken-job.ts'
import { openStore, type OpenOptions } from './open-store.ts'
import type { Claim } from './queue/claim.ts'
import { HOUR_MS, newJob, runningJob, tempDirectory } from './testing/temp-store.ts'

const webhook = {
  url: 'http://a.example/',
  events: ['job.queued', 'job.started', 'job.retrying', 'job.succeeded', 'job.failed', 'job.cancelled'],
} as const
const head = { status: 200, headers: [] }

/** A store whose rows the test damages over another connection, as a fault of the disk or a stranger would. */
const damagedStore = (options: Pick<OpenOptions, 'compose'> = { compose: ({ event }) => event }) => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const onMessageError = vi.fn<(error: unknown, jobSeq: number) => void>()
  const store = openStore(file, { busyTimeoutMs: 5, onMessageError, ...options })
  const other = new Database(file)
  onTestFinished(() => {
    other.close()
    store.close()
  })
  const rows = (sql: string) => other.prepare(sql).all() as Record<string, unknown>[]
  const stateOf = (seq: number) => store.output.view(seq)?.state
  return { store, onMessageError, damage: (sql: string) => other.exec(sql), rows, stateOf }
}

describe('a job whose request is damaged', () => {
  test.each<[damage: string, sql: string]>([
    ['headers that are not JSON', `UPDATE job_requests SET headers = '[["a' WHERE job_seq = 1`],
    ['headers of another shape', `UPDATE job_requests SET headers = '{"a":"b"}' WHERE job_seq = 1`],
    ['no request at all', 'DELETE FROM job_requests WHERE job_seq = 1'],
  ])('(%s) cannot be claimed, can be failed, and then is no longer in the way', (_damage, sql) => {
    const { store, damage, rows, stateOf } = damagedStore()
    for (let job = 0; job < 2; job++) store.submissions.enqueue(newJob(), 1_000)
    damage(sql)
    const before = rows('SELECT * FROM jobs')
    const claim = () => store.queue.claimNext('m', 'first', 2_000, 2_000)
    expect(claim).toThrow(BrokenJobError)
    expect(claim).toThrow(expect.objectContaining({ seq: 1 }))
    expect(rows('SELECT * FROM jobs')).toEqual(before)
    store.queue.failBroken(1, 3_000, HOUR_MS)
    expect(store.records.bySeq(1)).toMatchObject({
      state: 'failed',
      errorCode: 'internal_error',
      errorMessage: 'an error within foreman ended the job',
      finishedAt: 3_000,
      expiresAt: 3_000 + HOUR_MS,
    })
    expect(store.records.log(1, 0).at(-1)).toMatchObject({
      event: { type: 'failed', code: 'internal_error' },
    })
    expect(claim()?.seq).toBe(2)
    expect(stateOf(2)).toBe('running')
  })
})

describe('a job whose webhook cannot be written', () => {
  const damages: [damage: string, sql: string][] = [
    ['events that are not JSON', `UPDATE job_details SET webhook_events = '["job.' WHERE job_seq = 1`],
    ['events of another shape', `UPDATE job_details SET webhook_events = '{}' WHERE job_seq = 1`],
    ['a URL that is none', `UPDATE job_details SET webhook_url = 'nowhere' WHERE job_seq = 1`],
  ]
  type Damaged = ReturnType<typeof damagedStore>
  const running = ({ store }: Damaged): Claim => store.queue.claimNext('m', 'first', 2_000, 2_000)!
  const changes: [change: string, act: (damaged: Damaged) => unknown, state: string][] = [
    ['is claimed', running, 'running'],
    [
      'ends',
      damaged =>
        damaged.store.runs.finish(running(damaged), { state: 'succeeded', answerAttempt: 1 }, 2_000, HOUR_MS),
      'succeeded',
    ],
    [
      'is released',
      damaged => damaged.store.runs.release(running(damaged), { code: 'stall', spent: true }, 2_000, HOUR_MS),
      'queued',
    ],
    [
      'is lost with its worker',
      damaged => running(damaged) && damaged.store.runs.requeueLost(2_000, HOUR_MS),
      'queued',
    ],
    ['misses its deadline', ({ store }) => store.queue.failOverdue(60_000, HOUR_MS), 'failed'],
    [
      'is cancelled',
      ({ store }) => store.submissions.cancel({ seq: 1, id: '' }, 2_000, HOUR_MS),
      'cancelled',
    ],
  ]

  test.each(
    damages.flatMap(([damage, sql]) =>
      changes.map(([change, act, state]) => ({ damage, sql, change, act, state })),
    ),
  )('($damage) $change all the same, and the error is reported', ({ sql, act, state }) => {
    const damaged = damagedStore()
    damaged.store.submissions.enqueue(newJob({ webhook, deadlineAt: 60_000 }), 1_000)
    damaged.damage(sql)
    act(damaged)
    expect(damaged.stateOf(1)).toBe(state)
    expect(damaged.onMessageError).toHaveBeenCalledWith(expect.any(Error), 1)
    expect(damaged.rows('SELECT event FROM webhook_deliveries')).toEqual([{ event: 'job.queued' }])
  })

  test('since its answer is damaged gets a message without the answer', () => {
    const damaged = damagedStore({ compose: ({ event, answer }) => `${event}: ${typeof answer(1_000)}` })
    damaged.store.submissions.enqueue(newJob({ webhook }), 1_000)
    const claim = running(damaged)
    damaged.store.runs.append(claim, { head, body: Buffer.from('x') })
    damaged.damage(`UPDATE job_log SET bytes = x'7b' WHERE kind = 'head'`)
    damaged.store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, 2_000, HOUR_MS)
    expect(damaged.rows('SELECT body FROM webhook_deliveries').at(-1)).toEqual({
      body: 'job.succeeded: undefined',
    })
    expect(damaged.onMessageError).toHaveBeenCalledTimes(1)
  })
})

describe('a lost job that cannot be put back', () => {
  const lose = (trigger: string) => {
    const damaged = damagedStore()
    const [bad, good] = [1, 2].map(() => runningJob(damaged.store, { streaming: false }).job.seq)
    damaged.damage(trigger)
    const recovery = damaged.store.runs.requeueLost(2_000, HOUR_MS)
    return { ...damaged, recovery, bad: bad!, good: good! }
  }

  test('fails, and the others are put back', () => {
    const { recovery, stateOf, bad, good } = lose(
      `CREATE TRIGGER bad BEFORE UPDATE ON jobs WHEN new.seq = 1 AND new.state = 'queued'
       BEGIN SELECT RAISE(ABORT, 'bad row'); END`,
    )
    expect([bad, good].map(stateOf)).toEqual(['failed', 'queued'])
    expect(recovery).toMatchObject({ requeued: 1, failed: 1, broken: [{ seq: bad }] })
  })

  test('stays claimed when its end cannot be written either, and the others are put back', () => {
    const { recovery, stateOf, bad, good } = lose(
      `CREATE TRIGGER bad BEFORE UPDATE ON jobs WHEN new.seq = 1 BEGIN SELECT RAISE(ABORT, 'bad row'); END`,
    )
    expect([bad, good].map(stateOf)).toEqual(['running', 'queued'])
    expect(recovery).toMatchObject({ requeued: 1, failed: 0, broken: [{ seq: bad }, { seq: bad }] })
  })
})

test('damaged metadata are left out, and the job is listed, run and deleted with the others', () => {
  const { store, damage } = damagedStore()
  for (let job = 0; job < 3; job++) store.submissions.enqueue(newJob({ metadata: `{"job":${job}}` }), 1_000)
  damage(`UPDATE job_details SET metadata = '{"job"' WHERE job_seq = 1`)
  damage(`UPDATE job_details SET metadata = '7' WHERE job_seq = 2`)
  expect(store.records.list({ limit: 9 }).map(({ metadata }) => metadata)).toEqual(['{"job":2}', null, null])
  for (let job = 0; job < 3; job++) {
    const claim = store.queue.claimNext('m', 'first', 2_000, 2_000)!
    store.runs.finish(claim, { state: 'succeeded', answerAttempt: null }, 2_000, 1)
  }
  expect(store.housekeeping.pruneExpired(9_000).pruned).toBe(3)
})

test('load options that cannot be read stay in their group, and the others are moved', () => {
  const { store, damage } = damagedStore()
  for (let job = 0; job < 2; job++) store.submissions.enqueue(newJob(), 1_000)
  damage(`UPDATE jobs SET load_options = '{' WHERE seq = 1`)
  store.queue.regroup('m', loadOptions => (loadOptions === '{' ? undefined : 'right'))
  expect([1, 2].map(seq => store.records.bySeq(seq)?.groupKey)).toEqual(['m', 'right'])
})

test('times that no clock has keep no other job waiting', () => {
  const { store, damage, stateOf } = damagedStore()
  for (let job = 0; job < 3; job++) store.submissions.enqueue(newJob({ deadlineAt: 60_000 }), 1_000)
  damage('UPDATE jobs SET available_at = 9223372036854775807 WHERE seq = 1')
  damage('UPDATE jobs SET deadline_at = 9223372036854775807, created_at = -9223372036854775808 WHERE seq = 2')
  store.queue.promoteDue(2_000, 60_000)
  store.queue.failOverdue(60_000, HOUR_MS)
  expect([1, 2, 3].map(stateOf)).toEqual(['failed', 'queued', 'failed'])
  expect(store.queue.waitingLines()).toMatchObject([{ oldestSeq: 2 }])
  expect(store.queue.claimNext('m', 'first', 60_000, 60_000)?.seq).toBe(2)
})

test('what is known of a model is asked for again when it is damaged, and the next poll is kept', () => {
  const { store, damage } = damagedStore()
  const models = ['a', 'b'].map(name => ({ name, digest: name, remote: false }))
  store.catalogue.replaceModels(models)
  for (const { digest } of models) store.catalogue.noteLoading(digest, { weights: digest, capabilities: [] })
  damage(`UPDATE models SET loading = '{"weights' WHERE name = 'a'`)
  expect(store.catalogue.model('a')).toMatchObject({ loading: null })
  store.catalogue.replaceModels(models)
  expect(store.catalogue.unasked().map(({ name }) => name)).toEqual(['a'])
  expect(store.catalogue.model('b')).toMatchObject({ loading: { weights: 'b' } })
})

test('a snapshot whose headers are damaged is none', () => {
  const { store, damage } = damagedStore()
  store.catalogue.keepSnapshot('/api/tags', { headers: [], body: Buffer.from('{}'), polledAt: 1 })
  damage(`UPDATE snapshots SET headers = '{'`)
  expect(store.catalogue.snapshot('/api/tags')).toBeUndefined()
})
