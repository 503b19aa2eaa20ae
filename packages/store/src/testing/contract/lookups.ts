import { expect, test } from 'vitest'
import { newBatchId, newFileId } from '../../ids.ts'
import { appendOutput, listJobs, newJob, submitJob } from '../jobs.ts'
import { type BusyStore, claimOf, createBusyStore } from './busy-store.ts'
import type { Engine, Lookup } from './engine.ts'
import { ending, messagesOf } from './look.ts'

const NOW = 1_000
const head = { status: 200, headers: [] }
const idempotency = { key: 'k', hash: Buffer.from('x') }
const groupKeyOf = () => 'm'

type Verb = (busy: BusyStore) => Promise<unknown>

/** Verbs that touch few rows, whatever is in the store. */
const verbs: Record<string, Verb> = {
  enqueue: ({ store }) => submitJob(store),
  'enqueue with a key, and hasJob': async ({ store }) => {
    await submitJob(store, { idempotency })
    await submitJob(store, { idempotency })
    await store.submissions.hasJob({ caller: 'default', key: idempotency, now: NOW })
  },
  'enqueue with a message': ({ store }) =>
    submitJob(store, { webhook: { url: 'http://a.example/', events: ['job.queued'] } }),
  cancel: ({ store, waiting }) => store.submissions.cancel(waiting, ending(NOW)),
  'cancel a running job': ({ store, claim }) => store.submissions.cancel(claim, ending(NOW)),
  change: ({ store, waiting }) =>
    store.submissions.change(waiting, { priority: 'low' }, NOW, { by: 'operator', action: 'change' }),
  delivered: ({ store, ended }) => store.submissions.delivered(ended, NOW),
  'arrivals, requestPart, requestBytes': async ({ store }) => {
    const { arrivals } = store.submissions
    const arrival = await arrivals.begin(NOW)
    const jobs = [newJob({ parts: 1 })]
    const [job] = await arrivals.add({ arrival, jobs, groupKeyOf, now: NOW })
    await arrivals.addPart(arrival, { jobSeq: job!.seq, n: 0, bytes: Buffer.alloc(1) }, NOW)
    await store.records.requestPart(job!.seq, 0)
    await store.records.requestBytes(job!.seq)
    const added = { jobs: 1, parts: 1, witness: job!.seq }
    await arrivals.accept(arrival, added)
    await arrivals.accept(arrival, added)
    await arrivals.discard(arrival)
  },
  batches: async ({ store }) => {
    const batch = { id: newBatchId(NOW), caller: 'default', createdAt: NOW }
    const jobs = [newJob({ line: { line: 1 } })]
    const [job] = await store.submissions.enqueue({ jobs, groupKeyOf, now: NOW, batch })
    await store.batches.byId(batch.id)
    const found = (await store.batches.ofJob(job!))!
    await store.batches.lines(found, 0, 10)
    await store.batches.lastQueued(found)
    await store.batches.cancel(found, 0, ending(NOW))
  },
  files: async ({ store }) => {
    const file = { id: newFileId(NOW), caller: 'default', name: 'a', purpose: 'batch' }
    const seq = await store.files.begin(file, NOW)
    await store.files.addPart({ seq }, 0, Buffer.alloc(1))
    await store.files.complete({ seq }, { parts: 1, bytes: 1 }, NOW)
    await store.files.byId(file.id)
    await store.files.list({ caller: 'default', limit: 1 })
    await store.files.part({ seq }, 0)
    await store.files.remove({ seq })
  },
  claim: ({ store }) => store.queue.claim(claimOf('a'), NOW),
  'claim an awaited job': ({ store, waiting }) =>
    store.queue.claim({ ...claimOf('a'), awaited: waiting.seq }, NOW),
  failBroken: ({ store, waiting }) => store.queue.failBroken(waiting.seq, ending(NOW)),
  append: ({ store, claim }) => appendOutput(store, claim, { head, body: Buffer.from('x') }),
  progress: ({ store, claim }) => store.runs.progress(claim, { tokens: 5, now: 1 }),
  finish: ({ store, claim }) =>
    store.runs.finish(claim, { state: 'failed', answerAttempt: null }, ending(NOW)),
  release: ({ store, claim }) => store.runs.release(claim, { code: 'stall', spent: true }, ending(NOW)),
  'finish and release again': async ({ store, claim }) => {
    const release = () => store.runs.release(claim, { code: 'stall', spent: true }, ending(NOW))
    await release()
    await release()
  },
  'bySeq, byId, request, log': async ({ store, ended }) => {
    await store.records.bySeq(ended.seq)
    await store.records.byId('job_0')
    await store.records.request(ended.seq)
    await store.records.log(ended.seq, 1)
  },
  'view, read': async ({ store, ended, cursor }) => {
    await store.output.view(ended.seq)
    await store.output.read(ended.seq, cursor)
  },
  'due, byId, ofJob, attempts, record, redeliver': async ({ store, message }) => {
    const { deliveries } = store
    await deliveries.due({ host: 'a.example', caller: 'default', now: 9_000, limit: 2 })
    const attempt = { durationMs: 1, status: 200, error: null, response: null }
    const record = (at: number, result: Parameters<typeof deliveries.record>[0]['result']) =>
      deliveries.record({ delivery: message, attempt: { ...attempt, at }, result, now: 9_000 })
    await record(1, { kind: 'again', nextAttemptAt: 9_000 })
    await record(2, { kind: 'gone' })
    await record(3, { kind: 'delivered' })
    await deliveries.byId(message.id)
    await messagesOf(store, { seq: message.jobSeq })
    await deliveries.attempts([message.seq])
    await deliveries.redeliver(message, 9_000)
  },
  lookBack: async ({ store }) => {
    await store.records.lookBack(1, { priority: 'low', since: 1, until: 9_000 })
    await store.deliveries.lookBack(1)
  },
  'list and refs of messages': async ({ store }) => {
    await Array.fromAsync(store.deliveries.list({ state: 'dead', limit: 9 }))
    await Array.fromAsync(store.deliveries.refs({ host: 'a.example' }))
  },
  'clearUpAfter, heartbeat, leave': async ({ store }) => {
    await store.gateways.clearUpAfter('g1', { limit: 9, ...ending(NOW) })
    await store.gateways.heartbeat('g1')
    await store.gateways.leave('g1', NOW)
  },
}

/** `by` names the columns of the index that are compared. */
const lookup = (kind: Lookup['kind'], index: string, ...by: string[]): Lookup => ({ kind, index, by })

/** The verbs for which an index was made, and what they look up in it. */
const indexed: [verb: string, act: Verb, lookups: Lookup[]][] = [
  [
    'waitingLines',
    ({ store }) => store.queue.waitingLines(),
    [
      // Of this one it reads the first job.
      lookup('jobs', 'jobs_ready'),
      lookup('jobs', 'jobs_ready', 'group_key', 'priority'),
      lookup('jobs', 'jobs_ready', 'group_key'),
      lookup('jobs', 'key', 'key'),
    ],
  ],
  [
    'claim',
    ({ store }) => store.queue.claim(claimOf('a'), NOW),
    [lookup('jobs', 'jobs_ready', 'group_key', 'priority')],
  ],
  [
    'oldest',
    ({ store }) => store.queue.oldest({ groupKey: 'a', priority: 1 }, [{ account: '', sender: '' }]),
    [lookup('jobs', 'jobs_ready_of_sender', 'group_key', 'priority', 'account', 'sender')],
  ],
  [
    'claim for a sender',
    ({ store }) => store.queue.claim({ ...claimOf('a'), of: { account: '', sender: '' } }, NOW),
    [lookup('jobs', 'jobs_ready_of_sender', 'group_key', 'priority', 'account', 'sender')],
  ],
  ['claimed', ({ store, claim }) => store.queue.claimed(claim.token), [lookup('jobs', 'jobs_running')]],
  [
    'regroup',
    ({ store }) => store.queue.regroup('m', () => 'another'),
    [
      lookup('jobs', 'jobs_queued_of_model', 'model_name'),
      lookup('jobs', 'jobs_queued_of_model', 'model_name', 'load_options'),
    ],
  ],
  [
    'promoteDue',
    ({ store }) => store.queue.promoteDue({ now: 9_000, maxDelayMs: 60_000 }),
    [lookup('jobs', 'jobs_delayed', 'available_at')],
  ],
  [
    'failOverdue',
    ({ store }) => store.queue.failOverdue(ending(90_000)),
    [lookup('jobs', 'jobs_deadline', 'deadline_at')],
  ],
  [
    'deadlinesUntil',
    ({ store }) => store.records.deadlinesUntil(90_000, 9),
    [lookup('jobs', 'jobs_deadline', 'deadline_at')],
  ],
  [
    'enqueue what may be a repetition',
    ({ store }) => submitJob(store, { gateway: 'g1', requestHash: Buffer.from('hash') }),
    [lookup('jobs', 'jobs_left', 'caller', 'account', 'sender', 'request_hash', 'left_at')],
  ],
  [
    'enqueue with a key',
    ({ store }) => submitJob(store, { idempotency }),
    [lookup('jobs', 'jobs_idempotency', 'caller', 'idempotency_key')],
  ],
  [
    'append',
    ({ store, claim }) => store.runs.append(claim, { after: 0, head }),
    [lookup('jobs', 'key', 'key'), lookup('log', 'job_log_of_job', 'job_seq')],
  ],
  [
    'read',
    ({ store, ended }) => store.output.read(ended.seq, undefined),
    [lookup('log', 'job_log_of_job', 'job_seq', 'id')],
  ],
  [
    'log',
    ({ store, ended }) => store.records.log(ended.seq, 0),
    [lookup('log', 'job_log_of_job', 'job_seq', 'id')],
  ],
  ['byId', ({ store }) => store.records.byId('job_0'), [lookup('jobs', 'jobs_id_unique', 'id')]],
  [
    'agenda',
    ({ store }) => store.queue.agenda(),
    [
      lookup('jobs', 'jobs_running'),
      lookup('jobs', 'jobs_deadline', 'deadline_at'),
      lookup('jobs', 'jobs_delayed', 'available_at'),
    ],
  ],
  ['cancelRequests', ({ store }) => store.runs.cancelRequests(), [lookup('jobs', 'jobs_running')]],
  [
    'requeueLost',
    ({ store }) => store.runs.requeueLost(ending(1)),
    [lookup('jobs', 'jobs_running'), lookup('log', 'job_log_of_job', 'job_seq')],
  ],
  [
    'backlogs',
    ({ store }) => store.deliveries.backlogs({ after: undefined, limit: 9 }),
    [
      lookup('deliveries', 'webhook_deliveries_due', 'host', 'caller'),
      lookup('deliveries', 'webhook_deliveries_due', 'host'),
      lookup('deliveries', 'key', 'key'),
    ],
  ],
  [
    'due',
    ({ store }) => store.deliveries.due({ host: 'a.example', caller: 'default', now: 9_000, limit: 2 }),
    [lookup('deliveries', 'webhook_deliveries_due', 'host', 'caller', 'next_attempt_at')],
  ],
  [
    'reschedule',
    ({ store }) => store.deliveries.reschedule(9_000),
    [lookup('deliveries', 'webhook_deliveries_scheduled', 'scheduled_at')],
  ],
  [
    'ofJob',
    ({ store, message }) => messagesOf(store, { seq: message.jobSeq }),
    [lookup('deliveries', 'webhook_deliveries_of_job', 'job_seq', 'seq')],
  ],
  [
    'attempts',
    ({ store, message }) => store.deliveries.attempts([message.seq]),
    [lookup('attempts', 'webhook_attempts_of_delivery', 'delivery_seq')],
  ],
  [
    'record that a receiver is gone',
    ({ store, message }) =>
      store.deliveries.record({
        delivery: message,
        attempt: { at: 1, durationMs: 1, status: 410, error: null, response: null },
        result: { kind: 'gone' },
        now: 9_000,
      }),
    [lookup('deliveries', 'webhook_deliveries_pending_of_url', 'url', 'caller')],
  ],
  [
    'ahead',
    ({ store }) => store.records.ahead({ groupKey: 'g', priority: 1, place: 9, of: undefined }, 9),
    [lookup('jobs', 'jobs_ready', 'group_key', 'priority', 'place')],
  ],
  [
    'ahead of the same sender',
    ({ store }) =>
      store.records.ahead({ groupKey: 'g', priority: 1, place: 9, of: { account: 'a', sender: 's' } }, 9),
    [lookup('jobs', 'jobs_ready_of_sender', 'group_key', 'priority', 'account', 'sender', 'place')],
  ],
  [
    'senderCounts',
    ({ store }) => store.records.senderCounts({ groupKey: 'g', priority: 1 }, 9),
    [lookup('jobs', 'jobs_ready_of_sender', 'group_key', 'priority', 'account', 'sender')],
  ],
  ['running', ({ store }) => store.records.running(), [lookup('jobs', 'jobs_running')]],
  ['list', ({ store }) => listJobs(store, { before: 9, limit: 9 }), [lookup('jobs', 'key', 'key')]],
  [
    'list by state queued',
    ({ store }) => listJobs(store, { state: 'queued', before: 9 }),
    [lookup('jobs', 'jobs_queued', 'seq')],
  ],
  [
    'list by another state',
    ({ store }) => listJobs(store, { state: 'failed', before: 9 }),
    [lookup('jobs', 'jobs_ended', 'state', 'seq')],
  ],
  [
    'list by model',
    ({ store }) => listJobs(store, { modelName: 'm', before: 9 }),
    [lookup('jobs', 'jobs_of_model', 'model_name', 'seq')],
  ],
  [
    'list by caller',
    ({ store }) => listJobs(store, { caller: 'c', before: 9 }),
    [lookup('jobs', 'jobs_of_caller', 'caller', 'seq')],
  ],
  [
    'list by batch',
    ({ store }) => listJobs(store, { batch: 'b', state: 'succeeded', caller: 'c', before: 9 }),
    [lookup('jobs', 'jobs_of_batch', 'batch', 'seq')],
  ],
  [
    'list of what is rare among much else',
    ({ store }) => listJobs(store, { state: 'failed', caller: 'c', errorCode: 'stall', before: 9 }),
    [lookup('jobs', 'jobs_ended', 'state', 'seq')],
  ],
  [
    'list of what no index finds',
    ({ store }) => listJobs(store, { state: 'succeeded', caller: 'c', modelName: 'm', before: 9 }),
    [lookup('jobs', 'key', 'key')],
  ],
  [
    'list by metadata',
    ({ store }) => listJobs(store, { caller: 'c', metadata: { a: 'x' }, before: 9 }),
    [lookup('jobs', 'key', 'key'), lookup('details', 'key', 'key')],
  ],
  ['list until', ({ store }) => listJobs(store, { until: 1 }), [lookup('jobs', 'jobs_id_unique', 'id')]],
  [
    'refs of jobs that were not repeated',
    ({ store }) => Array.fromAsync(store.records.refs({ state: 'failed', unrepeated: true })),
    [
      lookup('jobs', 'jobs_ended', 'state', 'seq'),
      lookup('jobs', 'jobs_idempotency', 'caller', 'idempotency_key'),
    ],
  ],
  ['list since', ({ store }) => listJobs(store, { since: 1 }), [lookup('jobs', 'jobs_id_unique', 'id')]],
  [
    'ran',
    ({ store }) => store.history.ran({ from: 1, until: 9_000 }, 9),
    [
      lookup('jobs', 'jobs_id_unique', 'id'),
      lookup('jobs', 'jobs_ended', 'state', 'seq'),
      lookup('jobs', 'key', 'key'),
    ],
  ],
  [
    'heartbeats of gateways',
    ({ store }) => store.gateways.heartbeats(),
    [lookup('jobs', 'jobs_of_gateway', 'gateway')],
  ],
  [
    'clearUpAfter',
    ({ store }) => store.gateways.clearUpAfter('g1', { limit: 9, ...ending(NOW) }),
    [lookup('jobs', 'jobs_of_gateway', 'gateway', 'key')],
  ],
  [
    'upkeep',
    ({ store }) => store.upkeep.step(9_000),
    [
      lookup('jobs', 'jobs_expiring', 'expires_at'),
      lookup('jobs', 'jobs_bytes_expiring', 'bytes_expire_at'),
      lookup('jobs', 'jobs_arriving', 'arrival'),
      lookup('deliveries', 'webhook_deliveries_pending_of_job', 'job_seq'),
    ],
  ],
]

/** Whether it reads all rows, or a whole index. */
const isScan = ({ kind, index, by }: Lookup): boolean =>
  kind !== 'other' && by.length === 0 && index !== 'key'

export const lookupsContract = (engine: Engine): void => {
  test.each(Object.entries(verbs))('%s finds rows by their keys', async (_verb, act) => {
    const busy = await createBusyStore(engine)
    const lookups = await busy.lookupsOf(() => act(busy))
    expect(lookups).not.toEqual([])
    expect(lookups.filter(isScan)).toEqual([])
  })

  test.each(indexed)('%s uses the index that was made for it', async (_verb, act, expected) => {
    const busy = await createBusyStore(engine)
    expect(await busy.lookupsOf(() => act(busy))).toEqual(expect.arrayContaining(expected))
  })

  test('no verb reads all jobs, all requests or the whole log', async () => {
    const busy = await createBusyStore(engine)
    const lookups = await busy.lookupsOf(async () => {
      for (const [, act] of indexed) await act(busy)
      busy.store.state()
    })
    expect(lookups.length).toBeGreaterThan(20)
    const few = new Set<string>(['arrivals', 'gateways', 'receivers'])
    const whole = lookups.filter(found => isScan(found) && !few.has(found.kind))
    expect(new Set(whole.map(({ kind, index }) => `${kind} ${index}`))).toEqual(
      new Set([
        // It holds only jobs that run.
        'jobs jobs_running',
        // Of these only the first row is read.
        'jobs jobs_ready',
        'deliveries webhook_deliveries_scheduled',
      ]),
    )
  })
}
