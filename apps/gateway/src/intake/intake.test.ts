import { type IdempotencyKey, type Store, wholeBody } from '@foreman/store'
import { claimNext, fullError, listJobs, unavailableError } from '@foreman/store/testing'
import { describe, expect, test, vi } from 'vitest'
import { Refusal } from '../http/refusal.ts'
import { tempStore } from '../testing/temp-store.ts'
import { Intake } from './intake.ts'
import type { JobDraft } from './job-draft.ts'
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
const trial = async ({ limit = 100 } = {}) => {
  const store = await tempStore()
  const state: { faults?: Refusal; room?: Refusal; closed?: Refusal } = {}
  const throwIf = (refusal: Refusal | undefined) => {
    if (refusal) throw refusal
  }
  const now = () => NOW
  const intake = new Intake({
    store,
    now,
    gateway: 'g1',
    queueLimit: new QueueLimit({ limit, count: () => store.records.queued(), now }),
    closure: { ensureOpen: async () => throwIf(state.closed) },
    storeFaults: { ensureNone: () => throwIf(state.faults) },
    diskSpace: { ensureRoom: () => throwIf(state.room) },
  })
  const jobs = async () => (await listJobs(store)).toReversed()
  return { store, intake, state, jobs }
}

const full = expect.objectContaining({ status: 503, code: 'queue_full' }) as Error

describe('enqueue', () => {
  test('writes a job', async () => {
    const { intake, jobs } = await trial()
    const { id, isReplayed } = await intake.enqueue(draft({ priority: 'high' }))
    expect(isReplayed).toBe(false)
    expect(await jobs()).toMatchObject([{ id, state: 'queued', createdAt: NOW, model: 'm' }])
  })

  test('writes which gateway the caller is connected to, also of a job that takes several steps', async () => {
    const { store, intake, jobs } = await trial()
    const small = await intake.enqueue(draft())
    const large = await intake.enqueue(draft({ body: Buffer.alloc(600_000, ' ') }))
    expect(await store.gateways.heartbeats()).toEqual(new Map([['g1', 0]]))
    const cleared = await store.gateways.clearUpAfter('g1', { limit: 9, now: NOW, ttlMs: 1_000 })
    expect(cleared.cancelled).toBe(2)
    expect((await jobs()).map(({ id, state }) => [id, state])).toEqual([
      [small.id, 'cancelled'],
      [large.id, 'cancelled'],
    ])
  })

  test('writes jobs of several requests that come at the same time', async () => {
    const { intake, jobs } = await trial()
    const submitted = await Promise.all(['a', 'b', 'c'].map(caller => intake.enqueue(draft({ caller }))))
    expect((await jobs()).map(({ id }) => id)).toEqual(submitted.map(({ id }) => id))
  })

  test('is not limited by the length of the queue, because the caller waits', async () => {
    const { intake, jobs } = await trial({ limit: 0 })
    await intake.enqueue(draft())
    expect(await jobs()).toHaveLength(1)
  })

  test('replays a repeated key, and writes nothing', async () => {
    const { intake, jobs } = await trial()
    const idempotency = keyed('k')
    const first = await intake.enqueue(draft({ idempotency }))
    expect(await intake.enqueue(draft({ idempotency }))).toEqual({ ...first, isReplayed: true })
    expect(await jobs()).toHaveLength(1)
  })

  test.each(['faults', 'room'] as const)('writes nothing when %s are refused', async what => {
    const { intake, state, jobs } = await trial()
    state[what] = new Refusal(507, 'not now')
    await expect(intake.enqueue(draft())).rejects.toBe(state[what])
    await expect(intake.submitAll([draft()], { isKnown: false })).rejects.toBe(state[what])
    expect(await jobs()).toEqual([])
  })
})

describe('isKnown', () => {
  test('is true for a key that has a job of the same caller', async () => {
    const { intake } = await trial()
    await intake.enqueue(draft({ caller: 'ann', idempotency: keyed('k') }))
    expect(await intake.isKnown('ann', keyed('k'))).toBe(true)
    expect(await intake.isKnown('bob', keyed('k'))).toBe(false)
    expect(await intake.isKnown('ann', keyed('other'))).toBe(false)
    expect(await intake.isKnown('ann', undefined)).toBe(false)
  })

  test('refuses a key that came with another request', async () => {
    const { intake } = await trial()
    await intake.enqueue(draft({ idempotency: keyed('k') }))
    const reused = { status: 422, code: 'idempotency_key_reused' }
    await expect(intake.isKnown('default', keyed('k', 'other'))).rejects.toMatchObject(reused)
    await expect(intake.enqueue(draft({ idempotency: keyed('k', 'other') }))).rejects.toMatchObject(reused)
  })
})

describe('submit', () => {
  test('writes no gateway, because the job goes on without its caller', async () => {
    const { store, intake } = await trial()
    await intake.submit(draft())
    await intake.submit(draft({ idempotency: keyed('k') }))
    expect(await store.gateways.heartbeats()).toEqual(new Map())
  })

  test('accepts as many jobs as may be queued, and refuses the next', async () => {
    const { intake, jobs } = await trial({ limit: 2 })
    await intake.submit(draft(), { isKnown: false })
    await intake.submit(draft(), { isKnown: false })
    await expect(intake.submit(draft(), { isKnown: false })).rejects.toThrow(full)
    expect(await jobs()).toHaveLength(2)
  })

  test('replays a known request even when the queue is full', async () => {
    const { intake } = await trial({ limit: 1 })
    const idempotency = keyed('k')
    const first = await intake.submit(draft({ idempotency }), { isKnown: false })
    const isKnown = await intake.isKnown('default', idempotency)
    expect(await intake.submit(draft({ idempotency }), { isKnown })).toEqual({ ...first, isReplayed: true })
  })

  test('does not count a replayed request as a queued job', async () => {
    const { intake } = await trial({ limit: 2 })
    const idempotency = keyed('k')
    await intake.submit(draft({ idempotency }), { isKnown: false })
    await intake.submit(draft({ idempotency }), { isKnown: true })
    await intake.submit(draft(), { isKnown: false })
    await expect(intake.submit(draft(), { isKnown: false })).rejects.toThrow(full)
  })
})

describe('submitAll', () => {
  test('writes all jobs in the order of the batch', async () => {
    const { intake, jobs } = await trial()
    const submitted = await intake.submitAll(
      ['a', 'b', 'c'].map(model => draft({ model, modelName: `${model}:latest` })),
      { isKnown: false },
    )
    expect((await jobs()).map(({ id, model }) => [id, model])).toEqual(
      submitted.map(({ id }, at) => [id, ['a', 'b', 'c'][at]]),
    )
  })

  test('writes none of the jobs when the queue has no room for all of them', async () => {
    const { intake, jobs } = await trial({ limit: 3 })
    await intake.submit(draft(), { isKnown: false })
    const batch = [draft(), draft(), draft()]
    await expect(intake.submitAll(batch, { isKnown: false })).rejects.toThrow(full)
    expect(await jobs()).toHaveLength(1)
    await intake.submitAll(batch.slice(1), { isKnown: false })
    expect(await jobs()).toHaveLength(3)
  })

  test('writes none of the jobs when the key of one belongs to another request', async () => {
    const { intake, jobs } = await trial()
    await intake.enqueue(draft({ idempotency: keyed('k') }))
    const batch = [draft(), draft({ idempotency: keyed('k', 'other') })]
    await expect(intake.submitAll(batch, { isKnown: false })).rejects.toMatchObject({ status: 422 })
    expect(await jobs()).toHaveLength(1)
  })

  test('counts the jobs that it wrote, but not those that it replayed', async () => {
    const { intake } = await trial({ limit: 3 })
    const batch = ['1', '2'].map(key => draft({ idempotency: keyed(key) }))
    await intake.submitAll(batch, { isKnown: false })
    const replayed = await intake.submitAll(batch, { isKnown: true })
    expect(replayed.map(({ isReplayed }) => isReplayed)).toEqual([true, true])
    await intake.submit(draft(), { isKnown: false })
    await expect(intake.submit(draft(), { isKnown: false })).rejects.toThrow(full)
  })
})

describe('group keys', () => {
  const learn = async (store: Store, name: string, loading: Record<string, unknown>) => {
    const models = [{ name, digest: `digest of ${name}`, remote: false }]
    await store.catalogue.replaceModels(models)
    await store.catalogue.noteLoading(`digest of ${name}`, loading)
  }

  test('differ when jobs need their model loaded differently', async () => {
    const { intake, jobs } = await trial()
    await intake.submitAll(
      [
        draft(),
        draft({ loadOptions: '{"options":{"num_ctx":512}}' }),
        draft(),
        draft({ model: 'n', modelName: 'n:latest' }),
      ],
      { isKnown: false },
    )
    const [plain, small, again, other] = (await jobs()).map(({ groupKey }) => groupKey)
    expect(again).toBe(plain)
    expect(new Set([plain, small, other]).size).toBe(3)
  })

  test('take into account what the catalogue has learned since the last job', async () => {
    const { store, intake, jobs } = await trial()
    await intake.enqueue(draft())
    await learn(store, 'm:latest', { weights: 'sha256-1' })
    await intake.enqueue(draft())
    const [before, after] = (await jobs()).map(({ groupKey }) => groupKey)
    expect(before).toBe('registry.ollama.ai/library/m:latest')
    expect(after).toBe('sha256-1')
  })
})

describe('what is too large for one step', () => {
  const long = (bytes: number) => draft({ body: Buffer.alloc(bytes, '{"model":"m"} ') })
  const claimed = async (store: Store) => {
    const [line] = await store.queue.waitingLines()
    return line && claimNext(store, line.groupKey, NOW)
  }

  test.each([512 * 1024, 512 * 1024 + 1, 3_000_000])('a body of %i bytes is written whole', async bytes => {
    const { intake, store } = await trial()
    const { body } = long(bytes)
    const { id } = await intake.enqueue(long(bytes))
    const claim = (await claimed(store))!
    expect(claim.id).toBe(id)
    expect((await wholeBody(store.records, claim))?.equals(body)).toBe(true)
  })

  test('a batch is written in order, and its keys repeat it', async () => {
    const { intake, store, jobs } = await trial({ limit: 1_000 })
    const batch = Array.from({ length: 250 }, (_, index) =>
      draft({
        caller: `${index}`,
        idempotency: keyed(`${index}`),
        ...(index % 100 === 7 ? long(700_000) : {}),
      }),
    )
    const submitted = await intake.submitAll(batch, { isKnown: false })
    const listed = await jobs()
    expect(listed.map(({ caller }) => caller)).toEqual(batch.map(({ caller }) => caller))
    expect(listed.map(({ id }) => id)).toEqual(submitted.map(({ id }) => id))
    const again = await intake.submitAll(batch, { isKnown: true })
    expect(again).toEqual(submitted.map(job => ({ ...job, isReplayed: true })))
    expect(await store.records.queued()).toBe(250)
  })

  /** Replaces each verb of arrivals. `instead` gets the number of the call, and the call. */
  const overArrivals = (
    { submissions: { arrivals } }: Store,
    instead: (n: number, act: () => Promise<unknown>) => Promise<unknown>,
  ) => {
    const calls: string[] = []
    for (const name of ['begin', 'add', 'addPart', 'accept', 'discard'] as const) {
      const verb = arrivals[name] as (...args: unknown[]) => Promise<unknown>
      const replaced = (...args: unknown[]) => instead(calls.push(name), () => verb(...args))
      vi.spyOn(arrivals, name).mockImplementation(replaced as never)
    }
    return calls
  }

  test.each([1, 2, 4, 6, 7])('is not there at all when write %i fails', async failing => {
    const { store, intake, jobs } = await trial()
    const calls = overArrivals(store, (n, act) => (n === failing ? Promise.reject(fullError()) : act()))
    await expect(intake.submitAll([long(900_000), long(900_000)], { isKnown: false })).rejects.toMatchObject({
      status: 507,
    })
    expect(await claimed(store)).toBeUndefined()
    while ((await store.upkeep.step(NOW)).more);
    expect([calls.length, await jobs()]).toEqual([failing + (failing > 1 ? 1 : 0), []])
  })

  test.each([undefined, keyed('k')])(
    'is there once when each step takes effect, but seems to have failed (key: %o)',
    async idempotency => {
      const { store, intake, jobs } = await trial()
      const calls = overArrivals(store, async (n, act) => {
        const result = await act()
        if (n % 2 === 1) throw unavailableError()
        return result
      })
      const { body } = long(900_000)
      const submitted = await intake.submit(draft({ body, idempotency }), { isKnown: false })
      expect(calls).toEqual(['begin', 'add', 'addPart', 'addPart', 'accept'].flatMap(name => [name, name]))
      expect(await jobs()).toMatchObject([{ id: submitted.id, seq: submitted.seq }])
      expect(submitted.isReplayed).toBe(false)
      const claim = (await claimed(store))!
      expect((await wholeBody(store.records, claim))?.equals(body)).toBe(true)
    },
  )

  test('is replayed when it is there already, also when each step seems to have failed', async () => {
    const { store, intake, jobs } = await trial()
    const large = draft({ body: long(900_000).body, idempotency: keyed('k') })
    const first = await intake.submit(large, { isKnown: false })
    const calls = overArrivals(store, async (n, act) => {
      const result = await act()
      if (n % 2 === 1) throw unavailableError()
      return result
    })
    expect(await intake.submit(large, { isKnown: true })).toEqual({ ...first, isReplayed: true })
    expect(calls).toEqual(['begin', 'begin', 'add', 'add', 'accept', 'accept'])
    expect(await jobs()).toHaveLength(1)
  })
})

test.each([undefined, keyed('k')])(
  'jobs that were written although the write seemed to have failed are there once (key: %o)',
  async idempotency => {
    const { store, intake, jobs } = await trial()
    const enqueue = store.submissions.enqueue.bind(store.submissions)
    vi.spyOn(store.submissions, 'enqueue').mockImplementationOnce(async submission => {
      await enqueue(submission)
      throw unavailableError()
    })
    const submitted = await intake.submitAll([draft({ idempotency }), draft()], { isKnown: false })
    expect(submitted.map(({ isReplayed }) => isReplayed)).toEqual([false, false])
    expect((await jobs()).map(({ id }) => id)).toEqual(submitted.map(({ id }) => id))
  },
)
