import { type WebhookEvent, webhookEvents } from '@foreman/jobs'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import type { Claim, JobRef } from '../../values.ts'
import { claimNext, newJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventTypesOf, everything, messagesOf, stateOf } from './look.ts'

const NOW = 2_000
const webhook = { url: 'http://a.example/', events: webhookEvents }
const given = { webhook, deadlineAt: NOW, gateway: 'g1' }

interface Setting {
  /** The process that makes the change. */
  readonly store: Store
  readonly job: JobRef
  readonly claim: Claim
}

/** A change of a job that was `queued`, `running`, or `waiting` again after its first attempt. */
interface Change {
  readonly what: string
  readonly from: 'queued' | 'running' | 'waiting'
  readonly act: (setting: Setting) => Promise<unknown>
  readonly to: string
  /** What the log gets, and the messages. */
  readonly events: readonly string[]
  readonly messages: readonly WebhookEvent[]
}

const end = (state: 'succeeded' | 'failed' | 'cancelled') => (setting: Setting) =>
  setting.store.runs.finish(setting.claim, { state, answerAttempt: null }, ending(NOW))

/** Rejects also when the verb only returns that something went wrong. */
const unbroken = ({ broken }: { readonly broken: readonly Error[] }): void => {
  if (broken[0]) throw broken[0]
}

const changes: Change[] = [
  {
    what: 'claim',
    from: 'queued',
    act: ({ store }) => claimNext(store, 'm', NOW),
    to: 'running',
    events: ['started'],
    messages: ['job.started'],
  },
  {
    what: 'claim for another attempt',
    from: 'waiting',
    act: ({ store }) => claimNext(store, 'm', NOW),
    to: 'running',
    events: ['reset', 'started'],
    messages: ['job.started'],
  },
  {
    what: 'progress',
    from: 'running',
    act: ({ store, claim }) => store.runs.progress(claim, { tokens: 1, now: NOW }),
    to: 'running',
    events: ['progress'],
    messages: ['job.progress'],
  },
  {
    what: 'release',
    from: 'running',
    act: ({ store, claim }) => store.runs.release(claim, { code: 'stall', spent: true }, ending(NOW)),
    to: 'queued',
    events: ['released'],
    messages: ['job.retrying'],
  },
  ...(['succeeded', 'failed', 'cancelled'] as const).map((state): Change => ({
    what: `finish as ${state}`,
    from: 'running',
    act: end(state),
    to: state,
    events: [state],
    messages: [`job.${state}`],
  })),
  ...(['queued', 'waiting'] as const).map((from): Change => ({
    what: 'cancel',
    from,
    act: ({ store, job }) => store.submissions.cancel(job, ending(NOW)),
    to: 'cancelled',
    events: ['cancelled'],
    messages: ['job.cancelled'],
  })),
  {
    what: 'clearUpAfter',
    from: 'queued',
    act: async ({ store }) => unbroken(await store.gateways.clearUpAfter('g1', { limit: 9, ...ending(NOW) })),
    to: 'cancelled',
    events: ['cancelled'],
    messages: ['job.cancelled'],
  },
  {
    what: 'failOverdue',
    from: 'queued',
    act: ({ store }) => store.queue.failOverdue(ending(NOW)),
    to: 'failed',
    events: ['failed'],
    messages: ['job.failed'],
  },
  {
    what: 'failBroken',
    from: 'queued',
    act: ({ store, job }) => store.queue.failBroken(job.seq, ending(NOW)),
    to: 'failed',
    events: ['failed'],
    messages: ['job.failed'],
  },
  {
    what: 'requeueLost',
    from: 'running',
    act: async ({ store }) => unbroken(await store.runs.requeueLost(ending(NOW))),
    to: 'queued',
    events: ['lost', 'released'],
    messages: ['job.retrying'],
  },
]

/** Changes that no message reports. */
const silent: Change = {
  what: 'cancel',
  from: 'running',
  act: ({ store, job }) => store.submissions.cancel(job, ending(NOW)),
  to: 'running',
  events: ['cancel_requested'],
  messages: [],
}

export const unitsContract = (engine: Engine): void => {
  const setUp = async (from: Change['from']) => {
    const tested = await engine.create()
    const { store } = tested
    const job = await submitJob(store, given)
    const claim = from === 'queued' ? undefined : await claimNext(store)
    if (from === 'waiting') await store.runs.release(claim!, { code: 'stall', spent: true }, ending(1_000))
    const messages = async () => (await messagesOf(store, job)).map(({ event }) => event)
    return { tested, setting: { store, job, claim: claim! }, messages }
  }

  describe('a change of a job is one unit with its log entry and its message', () => {
    test('enqueue of a new job: becomes queued', async () => {
      const { setting, messages } = await setUp('queued')
      expect(await stateOf(setting.store, setting.job)).toBe('queued')
      expect(await eventTypesOf(setting.store, setting.job)).toEqual(['queued'])
      expect(await messages()).toEqual(['job.queued'])
    })

    test.each([...changes, silent])('$what of a $from job: becomes $to', async change => {
      const { setting, messages } = await setUp(change.from)
      const { store, job } = setting
      const before = [await eventTypesOf(store, job), await messages()]
      await change.act(setting)
      expect(await stateOf(store, job)).toBe(change.to)
      expect(await eventTypesOf(store, job)).toEqual([...before[0]!, ...change.events])
      expect(await messages()).toEqual([...before[1]!, ...change.messages])
    })
  })

  describe('a change whose message cannot be written does not take place', () => {
    const refusing = {
      compose: () => {
        throw new Error('a fault')
      },
    }

    test('enqueue: no job of the batch is there', async () => {
      const tested = await engine.create()
      const store = await tested.open(refusing)
      const before = await everything(tested)
      const jobs = [newJob(), newJob(given), newJob()]
      const enqueue = store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: NOW })
      await expect(enqueue).rejects.toThrow('a fault')
      expect(await everything(tested)).toEqual(before)
    })

    test('enqueue: a key that would have changed its job still has the old one', async () => {
      const tested = await engine.create()
      const idempotency = { key: 'k', hash: Buffer.from('x') }
      const first = await submitJob(tested.store, { idempotency })
      await tested.store.submissions.cancel(first, ending(1_000))
      const store = await tested.open(refusing)
      await expect(submitJob(store, { ...given, idempotency })).rejects.toThrow('a fault')
      expect(await tested.store.records.bySeq(first.seq)).toMatchObject({ idempotencyKey: 'k' })
    })

    test.each(changes)('$what of a $from job: leaves everything as it was', async change => {
      const { tested, setting } = await setUp(change.from)
      const store = await tested.open({ ...refusing, role: 'worker' })
      const before = await everything(tested)
      await expect(change.act({ ...setting, store })).rejects.toThrow(/a fault|cannot be worked on/)
      expect(await everything(tested)).toEqual(before)
    })

    test('a claim of several jobs gives those before the job that it cannot claim', async () => {
      const tested = await engine.create()
      const { store } = tested
      const good = await submitJob(store)
      const bad = await submitJob(store, given)
      const behind = await submitJob(store)
      const worker = await tested.open({ ...refusing, role: 'worker' })
      const request = { groupKey: 'm', priority: 1, token: 't', upTo: 9, isIdle: true, turnStartedAt: NOW }
      const { claims, broken } = await worker.queue.claim({ ...request, reason: 'first' }, NOW)
      expect([claims.map(({ seq }) => seq), broken?.seq]).toEqual([[good.seq], bad.seq])
      const states = await Promise.all([good, bad, behind].map(job => stateOf(store, job)))
      expect(states).toEqual(['running', 'queued', 'queued'])
      expect(await eventTypesOf(store, bad)).toEqual(['queued'])
    })
  })
}
