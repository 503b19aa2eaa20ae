import { type IdempotencyKey, type Store, wholeBody } from '@foreman/store'
import { fullError } from '@foreman/store/testing'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../http/refusal.ts'
import { tempStore } from '../testing/temp-store.ts'
import { Intake, type JobDraft } from './intake.ts'
import { QueueLimit } from './queue-limit.ts'

const NOW = 1_000_000

const draft = (differing: Partial<JobDraft> = {}): JobDraft => ({
  path: '/api/chat',
  endpoint: '/api/chat',
  model: 'm',
  modelName: 'm:latest',
  loadOptions: '{}',
  streaming: false,
  headers: [],
  body: Buffer.from('{"model":"m"}'),
  caller: 'default',
  priority: 'normal',
  ...differing,
})

const keyed = (key: string, hash = 'h'): IdempotencyKey => ({ key, hash: Buffer.from(hash) })

/** An intake over an empty queue on a real file. */
const trial = ({ limit = 100, store = tempStore() } = {}) => {
  const state: { locks?: Refusal; file?: Refusal; room?: Refusal } = {}
  const throwIf = (refusal: Refusal | undefined) => {
    if (refusal) throw refusal
  }
  const now = () => NOW
  const intake = new Intake({
    store,
    now,
    gateway: 'g1',
    queueLimit: new QueueLimit({ limit, count: () => store.records.queued(), now }),
    lockTest: { ensureWorkingLocks: () => throwIf(state.locks) },
    queueFile: { ensureInPlace: () => throwIf(state.file) },
    diskSpace: { ensureRoom: () => throwIf(state.room) },
  })
  const jobs = () => store.records.list({ limit: 100 }).toReversed()
  return { store, intake, state, jobs }
}

const full = expect.objectContaining({ status: 503, code: 'queue_full' }) as Error

describe('enqueue', () => {
  test('writes a job', async () => {
    const { intake, jobs } = trial()
    const { id, isReplayed } = await intake.enqueue(draft({ priority: 'high' }))
    expect(isReplayed).toBe(false)
    expect(jobs()).toMatchObject([{ id, state: 'queued', createdAt: NOW, model: 'm' }])
  })

  test('writes which gateway the caller is connected to, also of a job that takes several commits', async () => {
    const { store, intake } = trial()
    const small = await intake.enqueue(draft())
    const large = await intake.enqueue(draft({ body: Buffer.alloc(600_000, ' ') }))
    expect(store.gateways.jobsOf('g1', 9).map(({ id }) => id)).toEqual([small.id, large.id])
  })

  test('writes jobs of several requests that come at the same time', async () => {
    const { intake, jobs } = trial()
    const submitted = await Promise.all(['a', 'b', 'c'].map(caller => intake.enqueue(draft({ caller }))))
    expect(jobs().map(({ id }) => id)).toEqual(submitted.map(({ id }) => id))
  })

  test('is not limited by the length of the queue, because the caller waits', async () => {
    const { intake, jobs } = trial({ limit: 0 })
    await intake.enqueue(draft())
    expect(jobs()).toHaveLength(1)
  })

  test('replays a repeated key, and writes nothing', async () => {
    const { intake, jobs } = trial()
    const idempotency = keyed('k')
    const first = await intake.enqueue(draft({ idempotency }))
    expect(await intake.enqueue(draft({ idempotency }))).toEqual({ ...first, isReplayed: true })
    expect(jobs()).toHaveLength(1)
  })

  test.each(['locks', 'room'] as const)('writes nothing when %s are refused', async what => {
    const { intake, state, jobs } = trial()
    state[what] = new Refusal(507, 'not now')
    await expect(intake.enqueue(draft())).rejects.toBe(state[what])
    await expect(intake.submitAll([draft()], { isKnown: false })).rejects.toBe(state[what])
    expect(jobs()).toEqual([])
  })
})

describe('isKnown', () => {
  test('is true for a key that has a job of the same caller', async () => {
    const { intake } = trial()
    await intake.enqueue(draft({ caller: 'ann', idempotency: keyed('k') }))
    expect(await intake.isKnown('ann', keyed('k'))).toBe(true)
    expect(await intake.isKnown('bob', keyed('k'))).toBe(false)
    expect(await intake.isKnown('ann', keyed('other'))).toBe(false)
    expect(await intake.isKnown('ann', undefined)).toBe(false)
  })

  test('refuses a key that came with another request', async () => {
    const { intake } = trial()
    await intake.enqueue(draft({ idempotency: keyed('k') }))
    const reused = { status: 422, code: 'idempotency_key_reused' }
    await expect(intake.isKnown('default', keyed('k', 'other'))).rejects.toMatchObject(reused)
    await expect(intake.enqueue(draft({ idempotency: keyed('k', 'other') }))).rejects.toMatchObject(reused)
  })
})

describe('submit', () => {
  test('writes no gateway, because the job goes on without its caller', async () => {
    const { store, intake } = trial()
    await intake.submit(draft())
    await intake.submit(draft({ idempotency: keyed('k') }))
    expect(store.gateways.heartbeats()).toEqual(new Map())
  })

  test('accepts as many jobs as may be queued, and refuses the next', async () => {
    const { intake, jobs } = trial({ limit: 2 })
    await intake.submit(draft(), { isKnown: false })
    await intake.submit(draft(), { isKnown: false })
    await expect(intake.submit(draft(), { isKnown: false })).rejects.toThrow(full)
    expect(jobs()).toHaveLength(2)
  })

  test('replays a known request even when the queue is full', async () => {
    const { intake } = trial({ limit: 1 })
    const idempotency = keyed('k')
    const first = await intake.submit(draft({ idempotency }), { isKnown: false })
    const isKnown = await intake.isKnown('default', idempotency)
    expect(await intake.submit(draft({ idempotency }), { isKnown })).toEqual({ ...first, isReplayed: true })
  })

  test('does not count a replayed request as a queued job', async () => {
    const { intake } = trial({ limit: 2 })
    const idempotency = keyed('k')
    await intake.submit(draft({ idempotency }), { isKnown: false })
    await intake.submit(draft({ idempotency }), { isKnown: true })
    await intake.submit(draft(), { isKnown: false })
    await expect(intake.submit(draft(), { isKnown: false })).rejects.toThrow(full)
  })
})

describe('submitAll', () => {
  test('writes all jobs in the order of the batch', async () => {
    const { intake, jobs } = trial()
    const submitted = await intake.submitAll(
      ['a', 'b', 'c'].map(model => draft({ model, modelName: `${model}:latest` })),
      { isKnown: false },
    )
    expect(jobs().map(({ id, model }) => [id, model])).toEqual(
      submitted.map(({ id }, at) => [id, ['a', 'b', 'c'][at]]),
    )
  })

  test('writes none of the jobs when the queue has no room for all of them', async () => {
    const { intake, jobs } = trial({ limit: 2 })
    const batch = [draft(), draft(), draft()]
    await expect(intake.submitAll(batch, { isKnown: false })).rejects.toThrow(full)
    expect(jobs()).toEqual([])
    await intake.submitAll(batch.slice(1), { isKnown: false })
    expect(jobs()).toHaveLength(2)
  })

  test('writes none of the jobs when the key of one belongs to another request', async () => {
    const { intake, jobs } = trial()
    await intake.enqueue(draft({ idempotency: keyed('k') }))
    const batch = [draft(), draft({ idempotency: keyed('k', 'other') })]
    await expect(intake.submitAll(batch, { isKnown: false })).rejects.toMatchObject({ status: 422 })
    expect(jobs()).toHaveLength(1)
  })

  test('counts the jobs that it wrote, but not those that it replayed', async () => {
    const { intake } = trial({ limit: 3 })
    const batch = ['1', '2'].map(key => draft({ idempotency: keyed(key) }))
    await intake.submitAll(batch, { isKnown: false })
    const replayed = await intake.submitAll(batch, { isKnown: true })
    expect(replayed.map(({ isReplayed }) => isReplayed)).toEqual([true, true])
    await intake.submit(draft(), { isKnown: false })
    await expect(intake.submit(draft(), { isKnown: false })).rejects.toThrow(full)
  })
})

describe('group keys', () => {
  const learn = (store: ReturnType<typeof tempStore>, name: string, loading: Record<string, unknown>) => {
    const models = [{ name, digest: `digest of ${name}`, remote: false }]
    store.catalogue.replaceModels(models)
    store.catalogue.noteLoading(`digest of ${name}`, loading)
  }

  test('differ when jobs need their model loaded differently', async () => {
    const { intake, jobs } = trial()
    await intake.submitAll(
      [
        draft(),
        draft({ loadOptions: '{"options":{"num_ctx":512}}' }),
        draft(),
        draft({ model: 'n', modelName: 'n:latest' }),
      ],
      { isKnown: false },
    )
    const [plain, small, again, other] = jobs().map(({ groupKey }) => groupKey)
    expect(again).toBe(plain)
    expect(new Set([plain, small, other]).size).toBe(3)
  })

  test('take into account what the catalogue has learned since the last job', async () => {
    const { store, intake, jobs } = trial()
    await intake.enqueue(draft())
    learn(store, 'm:latest', { weights: 'sha256-1' })
    await intake.enqueue(draft())
    const [before, after] = jobs().map(({ groupKey }) => groupKey)
    expect(before).toMatch(/^registry\.ollama\.ai\/library\/m:latest\|/)
    expect(after).toMatch(/^sha256-1\|/)
  })
})

describe('what is too large for one commit', () => {
  const long = (bytes: number) => draft({ body: Buffer.alloc(bytes, '{"model":"m"} ') })
  const claimed = ({ queue }: Store) => {
    const [line] = queue.waitingLines()
    return line && queue.claimNext(line.groupKey, 'first', NOW, NOW)
  }

  test.each([512 * 1024, 512 * 1024 + 1, 3_000_000])('a body of %i bytes is written whole', async bytes => {
    const { intake, store } = trial()
    const { body } = long(bytes)
    const { id } = await intake.enqueue(long(bytes))
    const claim = claimed(store)!
    expect(claim.id).toBe(id)
    expect((await wholeBody(store.records, claim))?.equals(body)).toBe(true)
  })

  test('a batch is written in order, and its keys repeat it', async () => {
    const { intake, store } = trial({ limit: 1_000 })
    const batch = Array.from({ length: 250 }, (_, index) =>
      draft({
        caller: `${index}`,
        idempotency: keyed(`${index}`),
        ...(index % 100 === 7 ? long(700_000) : {}),
      }),
    )
    const submitted = await intake.submitAll(batch, { isKnown: false })
    const listed = store.records.list({ limit: 500 }).toReversed()
    expect(listed.map(({ caller }) => caller)).toEqual(batch.map(({ caller }) => caller))
    expect(listed.map(({ id }) => id)).toEqual(submitted.map(({ id }) => id))
    const again = await intake.submitAll(batch, { isKnown: true })
    expect(again).toEqual(submitted.map(job => ({ ...job, isReplayed: true })))
    expect(store.records.queued()).toBe(250)
  })

  test.each([1, 2, 4, 6, 7])('is not there at all when write %i fails', async failing => {
    const real = tempStore()
    let writes = 0
    const together: Store['together'] = (durability, write) =>
      ++writes === failing ? Promise.reject(fullError()) : real.together(durability, write)
    const { intake } = trial({ store: { ...real, together } })
    await expect(intake.submitAll([long(900_000), long(900_000)], { isKnown: false })).rejects.toMatchObject({
      status: 507,
    })
    expect(claimed(real)).toBeUndefined()
    while (real.housekeeping.pruneArrivals(NOW).more);
    expect([writes, real.records.list({ limit: 9 })]).toEqual([failing + (failing > 1 ? 1 : 0), []])
  })
})
