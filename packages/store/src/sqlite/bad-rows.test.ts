import { describe, expect, test, vi } from 'vitest'
import type { Store } from '../contract.ts'
import { TALLIES } from '../counting/tallies.ts'
import { BrokenJobError } from '../errors.ts'
import type { OpenOptions } from '../open-store.ts'
import { ending, HOUR_MS, logOf, recordOf, submitAll, upkeep } from '../testing/contract/look.ts'
import { appendOutput, claimNext, listJobs, runningJob, submitJob } from '../testing/jobs.ts'
import type { Claim } from '../values.ts'
import { tempStore } from './testing/temp-store.ts'

const webhook = {
  url: 'http://a.example/',
  events: ['job.queued', 'job.started', 'job.retrying', 'job.succeeded', 'job.failed', 'job.cancelled'],
} as const
const head = { status: 200, headers: [] }

/** A store whose rows the test damages over another connection, as a fault of the disk or a stranger would. */
const damagedStore = async (options: Pick<OpenOptions, 'compose'> = {}) => {
  const onMessageError = vi.fn<(error: unknown, jobSeq: number) => void>()
  const { store, run, rows } = await tempStore({ onMessageError, ...options })
  const stateOf = async (seq: number) => (await store.output.view(seq))?.state
  return { store, onMessageError, damage: run, rows, stateOf }
}

const claimAll = ({ queue }: Store) => {
  const request = { groupKey: 'm', priority: 1, token: 't', upTo: 9, isIdle: true, turnStartedAt: 2_000 }
  return queue.claim({ ...request, reason: 'first' }, 2_000)
}

describe('a job whose request is damaged', () => {
  const damages: [damage: string, sql: string][] = [
    ['headers that are not JSON', `UPDATE job_requests SET headers = '[["a' WHERE job_seq = 2`],
    ['headers of another shape', `UPDATE job_requests SET headers = '{"a":"b"}' WHERE job_seq = 2`],
    ['no request at all', 'DELETE FROM job_requests WHERE job_seq = 2'],
  ]

  test.each(damages)(
    '(%s) cannot be claimed, can be failed, and then is no longer in the way',
    async (_damage, sql) => {
      const { store, damage, rows, stateOf } = await damagedStore()
      await submitJob(store, { groupKey: 'other' })
      await submitAll(store, [{}, {}])
      damage(sql)
      const before = rows('SELECT * FROM jobs')
      const claim = () => claimNext(store, 'm', 2_000)
      await expect(claim()).rejects.toThrow(BrokenJobError)
      await expect(claim()).rejects.toMatchObject({ seq: 2 })
      expect(rows('SELECT * FROM jobs')).toEqual(before)
      await store.queue.failBroken(2, ending(3_000))
      expect(await recordOf(store, { seq: 2 })).toMatchObject({
        state: 'failed',
        errorCode: 'internal_error',
        errorMessage: 'an error within foreman ended the job',
        finishedAt: 3_000,
        expiresAt: 3_000 + HOUR_MS,
      })
      expect((await logOf(store, { seq: 2 })).at(-1)).toMatchObject({
        event: { type: 'failed', code: 'internal_error' },
      })
      expect((await claim())?.seq).toBe(3)
      expect(await stateOf(3)).toBe('running')
    },
  )

  test.each(damages)('(%s) ends a claim of several jobs, and those before it run', async (_damage, sql) => {
    const { store, damage, stateOf } = await damagedStore()
    await submitAll(store, [{}, {}, {}])
    damage(sql)
    const { claims, broken, ...rest } = await claimAll(store)
    expect([claims.map(({ seq }) => seq), broken?.seq, rest]).toEqual([[1], 2, {}])
    expect(broken).toBeInstanceOf(BrokenJobError)
    expect(await Promise.all([1, 2, 3].map(stateOf))).toEqual(['running', 'queued', 'queued'])
    expect(await store.queue.claimed('t')).toEqual(claims)
    expect(await store.queue.turn()).toEqual({ groupKey: 'm', startedAt: 2_000 })
    expect((await logOf(store, { seq: 2 })).map(({ kind }) => kind)).toEqual(['event'])
  })
})

describe('a job whose webhook cannot be written', () => {
  const damages: [damage: string, sql: string][] = [
    ['events that are not JSON', `UPDATE job_details SET webhook_events = '["job.' WHERE job_seq = 1`],
    ['events of another shape', `UPDATE job_details SET webhook_events = '{}' WHERE job_seq = 1`],
    ['a URL that is none', `UPDATE job_details SET webhook_url = 'nowhere' WHERE job_seq = 1`],
  ]
  const running = async (store: Store): Promise<Claim> => (await claimNext(store, 'm', 2_000))!
  const changes: [change: string, act: (store: Store) => Promise<unknown>, state: string][] = [
    ['is claimed', running, 'running'],
    [
      'ends',
      async store =>
        store.runs.finish(await running(store), { state: 'succeeded', answerAttempt: 1 }, ending(2_000)),
      'succeeded',
    ],
    [
      'is released',
      async store => store.runs.release(await running(store), { code: 'stall', spent: true }, ending(2_000)),
      'queued',
    ],
    [
      'is lost with its worker',
      async store => {
        await running(store)
        await store.runs.requeueLost(ending(2_000))
      },
      'queued',
    ],
    ['misses its deadline', store => store.queue.failOverdue(ending(60_000)), 'failed'],
    ['is cancelled', store => store.submissions.cancel({ seq: 1, id: '' }, ending(2_000)), 'cancelled'],
    [
      'is cleared up after its gateway',
      store => store.gateways.clearUpAfter('g1', { limit: 9, ...ending(2_000) }),
      'cancelled',
    ],
  ]

  test.each(
    damages.flatMap(([damage, sql]) =>
      changes.map(([change, act, state]) => ({ damage, sql, change, act, state })),
    ),
  )('($damage) $change all the same, and the error is reported', async ({ sql, act, state }) => {
    const { store, damage, rows, stateOf, onMessageError } = await damagedStore()
    await submitJob(store, { webhook, deadlineAt: 60_000, gateway: 'g1' })
    damage(sql)
    await act(store)
    expect(await stateOf(1)).toBe(state)
    expect(onMessageError).toHaveBeenCalledWith(expect.any(Error), 1)
    expect(rows('SELECT event FROM webhook_deliveries')).toEqual([{ event: 'job.queued' }])
  })

  test('since its answer is damaged gets a message without the answer', async () => {
    const { store, damage, rows, onMessageError } = await damagedStore({
      compose: ({ event, answer }) => `${event}: ${typeof answer()}`,
    })
    await submitJob(store, { webhook })
    const claim = await running(store)
    await appendOutput(store, claim, { head, body: Buffer.from('x') })
    damage(`UPDATE job_log SET bytes = x'7b' WHERE kind = 'head'`)
    await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(2_000))
    expect(rows('SELECT body FROM webhook_deliveries').at(-1)).toEqual({ body: 'job.succeeded: undefined' })
    expect(onMessageError).toHaveBeenCalledTimes(1)
  })
})

/** Makes every update of the job 1 fail for which the condition holds. */
const refuseUpdates = (condition = 'true'): string =>
  `CREATE TRIGGER bad BEFORE UPDATE ON jobs WHEN new.seq = 1 AND ${condition}
   BEGIN SELECT RAISE(ABORT, 'bad row'); END`

describe('a lost job that cannot be put back', () => {
  const lose = async (trigger: string) => {
    const damaged = await damagedStore()
    const seqs = []
    for (let job = 0; job < 2; job++)
      seqs.push((await runningJob(damaged.store, { streaming: false })).job.seq)
    damaged.damage(trigger)
    const recovery = await damaged.store.runs.requeueLost(ending(2_000))
    return { recovery, states: await Promise.all(seqs.map(damaged.stateOf)) }
  }

  test('fails, and the others are put back', async () => {
    const { recovery, states } = await lose(refuseUpdates("new.state = 'queued'"))
    expect(states).toEqual(['failed', 'queued'])
    expect(recovery).toMatchObject({ requeued: 1, failed: 1, broken: [{ seq: 1 }] })
  })

  test('stays claimed when its end cannot be written either, and the others are put back', async () => {
    const { recovery, states } = await lose(refuseUpdates())
    expect(states).toEqual(['running', 'queued'])
    expect(recovery).toMatchObject({ requeued: 1, failed: 0, broken: [{ seq: 1 }, { seq: 1 }] })
  })
})

test('a job of a dead gateway that cannot be cancelled keeps no other from being cancelled', async () => {
  const { store, damage, stateOf } = await damagedStore()
  await store.gateways.heartbeat('g1')
  await submitAll(
    store,
    [1, 2, 3].map(() => ({ gateway: 'g1' })),
  )
  damage(refuseUpdates())
  const clearUp = (limit: number) => store.gateways.clearUpAfter('g1', { limit, ...ending(2_000) })
  expect(await clearUp(2)).toMatchObject({ cancelled: 2, more: true, broken: [{ seq: 1 }] })
  expect(await clearUp(2)).toMatchObject({ cancelled: 0, more: false, broken: [{ seq: 1 }] })
  expect(await Promise.all([1, 2, 3].map(stateOf))).toEqual(['queued', 'cancelled', 'cancelled'])
  expect(await store.gateways.heartbeats()).toEqual(new Map([['g1', 1]]))
})

test('one part of the upkeep that fails does not keep the others from being done', async () => {
  const { store, damage, rows } = await damagedStore()
  const { job, claim } = await runningJob(store)
  await store.runs.finish(claim, { state: 'succeeded', answerAttempt: null }, ending(1_000))
  await store.submissions.delivered(job, 2_000)
  const expired = await submitJob(store)
  await store.submissions.cancel(expired, ending(1_000, 0))
  damage(`CREATE TRIGGER bad BEFORE DELETE ON jobs BEGIN SELECT RAISE(ABORT, 'bad row'); END`)
  const { expired: deleted, failed } = await store.upkeep.step(2_000)
  expect([deleted, failed]).toEqual([0, [expect.objectContaining({ message: 'bad row' })]])
  expect(rows('SELECT job_seq FROM job_requests')).toEqual([{ job_seq: expired.seq }])
})

test('damaged metadata are left out, and the job is listed, run and deleted with the others', async () => {
  const { store, damage } = await damagedStore()
  await submitAll(
    store,
    [0, 1, 2].map(job => ({ metadata: `{"job":${job}}` })),
  )
  damage(`UPDATE job_details SET metadata = '{"job"' WHERE job_seq = 1`)
  damage(`UPDATE job_details SET metadata = '7' WHERE job_seq = 2`)
  expect((await listJobs(store)).map(({ metadata }) => metadata)).toEqual(['{"job":2}', null, null])
  expect(await listJobs(store, { metadata: { job: '2' } })).toHaveLength(1)
  expect(await listJobs(store, { metadata: { job: '1' } })).toEqual([])
  const { claims } = await claimAll(store)
  for (const claim of claims)
    await store.runs.finish(claim, { state: 'succeeded', answerAttempt: null }, ending(2_000, 1))
  expect(await upkeep(store, 9_000)).toBe(3)
})

test('load options that cannot be read stay in their group, and the others are moved', async () => {
  const { store, damage } = await damagedStore()
  await submitAll(store, [{}, {}])
  damage(`UPDATE jobs SET load_options = '{' WHERE seq = 1`)
  await store.queue.regroup('m', loadOptions => (loadOptions === '{' ? undefined : 'right'))
  expect((await listJobs(store)).map(({ groupKey }) => groupKey)).toEqual(['right', 'm'])
})

test('times that no clock has keep no other job waiting', async () => {
  const { store, damage, stateOf } = await damagedStore()
  await submitAll(
    store,
    [1, 2, 3].map(() => ({ deadlineAt: 60_000 })),
  )
  damage('UPDATE jobs SET available_at = 9223372036854775807 WHERE seq = 1')
  damage('UPDATE jobs SET deadline_at = 9223372036854775807, created_at = -9223372036854775808 WHERE seq = 2')
  await store.queue.promoteDue({ now: 2_000, maxDelayMs: 60_000 })
  await store.queue.failOverdue(ending(60_000))
  expect(await Promise.all([1, 2, 3].map(stateOf))).toEqual(['failed', 'queued', 'failed'])
  expect(await store.queue.waitingLines()).toMatchObject([{ oldestSeq: 2 }])
  expect((await claimNext(store, 'm', 60_000))?.seq).toBe(2)
})

test('what is known of a model is asked for again when it is damaged, and the next poll is kept', async () => {
  const { store, damage } = await damagedStore()
  const { catalogue } = store
  const models = ['a', 'b'].map(name => ({ name, digest: name, remote: false }))
  await catalogue.replaceModels(models)
  for (const { digest } of models) await catalogue.noteLoading(digest, { weights: digest, capabilities: [] })
  damage(`UPDATE models SET loading = '{"weights' WHERE name = 'a'`)
  expect(await catalogue.model('a')).toMatchObject({ loading: null })
  await catalogue.replaceModels(models)
  expect((await catalogue.unasked()).map(({ name }) => name)).toEqual(['a'])
  expect(await catalogue.model('b')).toMatchObject({ loading: { weights: 'b' } })
})

test('a snapshot whose headers are damaged is none', async () => {
  const { store, damage } = await damagedStore()
  await store.catalogue.keepSnapshot('/api/tags', { headers: [], body: Buffer.from('{}'), polledAt: 1 })
  damage(`UPDATE snapshots SET headers = '{'`)
  expect(await store.catalogue.snapshot('/api/tags')).toBeUndefined()
})

test('a run whose last entries the file has lost cannot go on as if they were there', async () => {
  const { store, damage, stateOf } = await damagedStore()
  const { claim } = await runningJob(store)
  const first = await store.runs.append(claim, { after: 0, head })
  const after = await store.runs.append(claim, { after: first, body: [Buffer.from('lost')] })
  damage(`DELETE FROM job_log WHERE id = ${after}`)
  const behindLost = store.runs.append(claim, { after, body: [Buffer.from('x')] })
  await expect(behindLost).rejects.toThrow('the log of job 1 has lost what the run appended')
  expect((await logOf(store, claim)).filter(({ kind }) => kind === 'body')).toEqual([])
  expect(await stateOf(1)).toBe('running')
})

test('a turn whose models are damaged has those of its later jobs', async () => {
  const { store, damage, rows } = await damagedStore()
  await submitJob(store)
  await claimAll(store)
  damage(`UPDATE turns SET models = '["'`)
  await submitJob(store, { groupKey: 'other', modelName: 'other' })
  const other = { groupKey: 'other', priority: 1, token: 't', upTo: 1, isIdle: false, turnStartedAt: 2_000 }
  const { claims } = await store.queue.claim({ ...other, reason: 'resident' }, 2_001)
  expect(claims).toHaveLength(1)
  expect(rows('SELECT models FROM turns')).toEqual([{ models: '["other"]' }])
})

test('counting goes on when what it remembers is damaged', async () => {
  const { store, damage } = await damagedStore()
  const count = () => store.history.count({ now: 9_000, fits: 1, loadMsOf: () => 1_000 })
  await submitJob(store)
  await count()
  damage(`UPDATE counted SET state = '{"groups'`)
  const claim = (await claimNext(store, 'm', 2_000))!
  await store.runs.finish(claim, { state: 'succeeded', answerAttempt: null }, ending(2_000))
  await count()
  expect((await store.history.tallies()).find(({ name }) => name === TALLIES.finished)).toMatchObject({
    value: 1,
  })
})
