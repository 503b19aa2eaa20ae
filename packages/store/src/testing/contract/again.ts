import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { JobLostError } from '../../errors.ts'
import type { Claim, JobRef, NewJob } from '../../values.ts'
import { appendOutput, claimNext, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventTypesOf, everything, messagesOf, upkeep } from './look.ts'
import { attemptAt } from './outbox.ts'

const NOW = 2_000
const groupKeyOf = () => 'm'
const head = { status: 200, headers: [] }
const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }
const output = { head: provisional.head, body: [provisional.body] }
const webhook = { url: 'http://a.example/', events: ['job.queued', 'job.started', 'job.failed'] } as const
const idempotency = { key: 'k', hash: Buffer.from('x') }

/** Makes a call whose arguments are the same each time. */
type Prepare = (store: Store) => Promise<() => Promise<unknown>>

const queued = (act: (store: Store, job: JobRef) => Promise<unknown>): Prepare => {
  return async store => {
    const job = await submitJob(store, { webhook, deadlineAt: NOW, gateway: 'g1' })
    return () => act(store, job)
  }
}
const running = (act: (store: Store, claim: Claim, job: JobRef) => Promise<unknown>): Prepare => {
  return async store => {
    const { job, claim } = await runningJob(store, { webhook, streaming: false })
    return () => act(store, claim, job)
  }
}
const enqueue = (...jobs: NewJob[]): Prepare => {
  return async store => () => store.submissions.enqueue({ jobs, groupKeyOf, now: NOW })
}
const delivering = (kind: 'delivered' | 'dead' | 'gone' | 'again'): Prepare => {
  return queued(async (store, job) => {
    const [delivery] = await messagesOf(store, job)
    const result = kind === 'again' ? { kind, nextAttemptAt: NOW + 5 } : { kind }
    await store.deliveries.record({ delivery: delivery!, attempt: attemptAt(NOW), result, now: NOW })
  })
}
/** An arrival with a job. */
const arriving = (
  act: (arrivals: Store['submissions']['arrivals'], arrival: number, job: JobRef) => Promise<unknown>,
): Prepare => {
  return async ({ submissions: { arrivals } }) => {
    const arrival = await arrivals.begin(NOW)
    const jobs = [newJob({ webhook, body: Buffer.alloc(0), parts: 2 })]
    const [job] = await arrivals.add({ arrival, jobs, groupKeyOf, now: NOW })
    return () => act(arrivals, arrival, job!)
  }
}

const verbs: Record<string, Prepare> = {
  'enqueue a job': enqueue(newJob({ webhook, metadata: '{}' })),
  'enqueue a job with a key': enqueue(newJob({ idempotency })),
  'enqueue a batch': enqueue(newJob(), newJob({ idempotency }), newJob({ webhook }), newJob({ idempotency })),
  'enqueue a job whose key is taken': async store => {
    await submitJob(store, { idempotency })
    return enqueue(newJob({ idempotency }), newJob())(store)
  },
  'enqueue a job whose key is let go': async store => {
    await store.submissions.cancel(await submitJob(store, { idempotency }), ending(1_000))
    return enqueue(newJob({ idempotency }))(store)
  },
  'add to an arrival': async store => {
    const arrival = await store.submissions.arrivals.begin(NOW)
    const jobs = [newJob({ idempotency }), newJob({ webhook })]
    return () => store.submissions.arrivals.add({ arrival, jobs, groupKeyOf, now: NOW })
  },
  'add a part': arriving((arrivals, arrival, { seq }) =>
    arrivals.addPart(arrival, { jobSeq: seq, n: 0, bytes: Buffer.from('x') }, NOW),
  ),
  'accept an arrival': arriving((arrivals, arrival, { seq }) =>
    arrivals.accept(arrival, { jobs: 1, parts: 0, witness: seq }),
  ),
  'accept an arrival without jobs': async ({ submissions: { arrivals } }) => {
    const arrival = await arrivals.begin(NOW)
    return () => arrivals.accept(arrival, { jobs: 0, parts: 0, witness: undefined })
  },
  'discard an arrival': arriving((arrivals, arrival) => arrivals.discard(arrival)),
  'cancel a running job': running((store, _claim, job) => store.submissions.cancel(job, ending(NOW))),
  'note that an answer was delivered': async store => {
    const { job, claim } = await runningJob(store)
    await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(NOW))
    return () => store.submissions.delivered(job, NOW + 1)
  },
  'fail a job that cannot be claimed': queued((store, { seq }) => store.queue.failBroken(seq, ending(NOW))),
  'fail overdue jobs': queued(store => store.queue.failOverdue(ending(NOW))),
  'promote delayed jobs': async store => {
    const { claim } = await runningJob(store)
    await store.runs.release(claim, { code: 'stall', spent: true, availableAt: NOW }, ending(1_000))
    return () => store.queue.promoteDue({ now: NOW, maxDelayMs: 60_000 })
  },
  append: running((store, claim) =>
    store.runs.append(claim, { after: 0, head, body: [Buffer.alloc(100_000)] }),
  ),
  finish: running((store, claim) =>
    store.runs.finish(claim, { state: 'failed', answerAttempt: 1, output }, ending(NOW)),
  ),
  release: running((store, claim) =>
    store.runs.release(claim, { code: 'stall', spent: true, provisional }, ending(NOW)),
  ),
  'release until later': running((store, claim) =>
    store.runs.release(claim, { code: 'stall', spent: true, availableAt: 9_000 }, ending(NOW)),
  ),
  'release a job that is to be cancelled': async store => {
    const { job, claim } = await runningJob(store)
    await store.submissions.cancel(job, ending(1_000))
    return () => store.runs.release(claim, { code: 'stall', spent: true, provisional }, ending(NOW))
  },
  'record that a message was delivered': delivering('delivered'),
  'record that a message is given up': delivering('dead'),
  'record that a receiver is gone': delivering('gone'),
  'record a failed attempt': delivering('again'),
  'redeliver a message': queued(async (store, job) => {
    const [delivery] = await messagesOf(store, job)
    await store.deliveries.redeliver(delivery!, NOW)
  }),
  'note what is known of the target': async store => () =>
    store.target.note({ state: 'away', since: NOW, reason: 'refused' }),
  'suspect the target': async store => () => store.target.suspect(NOW),
  'replace the models': async store => () =>
    store.catalogue.replaceModels([{ name: 'a', digest: 'd', remote: false }]),
  'beat as a worker': async store => () =>
    store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, NOW),
  'leave as a worker': async store => {
    await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, NOW)
    return () => store.workers.leave('w')
  },
  'forget stale workers': async store => {
    await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, NOW)
    return () => store.workers.forgetStale(NOW + 100_000)
  },
  'leave as a gateway': async store => {
    await store.gateways.heartbeat('g1')
    return queued(() => store.gateways.leave('g1', NOW))(store)
  },
}

/** Verbs whose second call returns something else, because it has nothing left to do. */
const returningLess: Record<string, Prepare> = {
  'cancel a queued job': queued((store, job) => store.submissions.cancel(job, ending(NOW))),
  'regroup a model': queued(store => store.queue.regroup('m', () => 'another')),
  'recover lost jobs': running(store => store.runs.requeueLost(ending(NOW))),
  'clear up after a gateway': queued(store =>
    store.gateways.clearUpAfter('g1', { limit: 9, ...ending(NOW) }),
  ),
  'reschedule messages': queued(store => store.deliveries.reschedule(NOW - 3_600_000)),
}

export const againContract = (engine: Engine): void => {
  describe('the same call again', () => {
    test.each(Object.entries({ ...verbs, ...returningLess }))(
      'changes nothing: %s',
      async (what, prepare) => {
        const tested = await engine.create()
        const act = await prepare(tested.store)
        const before = await everything(tested)
        const first = await act()
        const after = await everything(tested)
        expect(after).not.toEqual(before)
        const second = await act()
        expect(second).toEqual(what in verbs ? first : second)
        expect(await everything(tested)).toEqual(after)
      },
    )

    test.each(Object.entries(verbs))('at the same time adds nothing: %s', async (_what, prepare) => {
      const tested = await engine.create()
      const act = await prepare(tested.store)
      const [first, second] = await Promise.all([act(), act()])
      expect(second).toEqual(first)
      const after = await everything(tested)
      await act()
      expect(await everything(tested)).toEqual(after)
    })

    test('of a cancellation of a running job logs one request', async () => {
      const { store } = await engine.create()
      const { job } = await runningJob(store)
      const cancel = () => store.submissions.cancel(job, ending(NOW))
      expect(await Promise.all([cancel(), cancel()])).toEqual(['requested', 'requested'])
      expect(await cancel()).toBe('requested')
      expect(await eventTypesOf(store, job)).toEqual(['queued', 'started', 'cancel_requested'])
    })

    test('of a finish or a release is known as long as no other run has the job', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      await appendOutput(store, claim, { head })
      const release = () => store.runs.release(claim, { code: 'stall', spent: true }, ending(NOW))
      expect([await release(), await release()]).toEqual(['queued', 'queued'])
      const second = (await claimNext(store))!
      await expect(release()).rejects.toThrow(JobLostError)
      const finish = (state: 'succeeded' | 'failed') =>
        store.runs.finish(second, { state, answerAttempt: 2 }, ending(NOW))
      await finish('succeeded')
      await finish('succeeded')
      await expect(finish('failed')).rejects.toThrow(JobLostError)
    })

    test('of a claim is replaced by asking what the first call got', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store, { webhook, priority: 'high' })
      expect(await store.queue.claimed(claim.token)).toEqual([claim])
    })

    test('of an upkeep deletes nothing else', async () => {
      const tested = await engine.create()
      const { store } = tested
      const job = await submitJob(store, { webhook })
      await store.submissions.cancel(job, ending(1_000, 0))
      const before = await everything(tested)
      await Promise.all([store.upkeep.step(NOW), store.upkeep.step(NOW)])
      await upkeep(store, NOW)
      const after = await everything(tested)
      expect(after).not.toEqual(before)
      await upkeep(store, NOW)
      expect(await everything(tested)).toEqual(after)
    })

    test('of an attempt at a message counts one failure', async () => {
      const { store } = await engine.create()
      const job = await submitJob(store, { webhook })
      const [delivery] = await messagesOf(store, job)
      const result = { kind: 'again', nextAttemptAt: NOW } as const
      const record = (at: number) =>
        store.deliveries.record({ delivery: delivery!, attempt: attemptAt(at), result, now: NOW })
      await Promise.all([record(1), record(1)])
      await record(1)
      expect(await messagesOf(store, job)).toMatchObject([{ failures: 1 }])
      await record(2)
      expect(await messagesOf(store, job)).toMatchObject([{ failures: 2 }])
      expect(await store.deliveries.attempts([delivery!.seq])).toHaveLength(2)
    })
  })
}
