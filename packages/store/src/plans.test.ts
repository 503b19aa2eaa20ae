import Database from 'better-sqlite3'
import { afterEach, expect, test, vi } from 'vitest'
import { HOUR_MS, newJob, runningJob, type TempStore, tempStore } from './testing/temp-store.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** SQLite's query plans of the statements that `act` runs. */
const plansOf = ({ rows }: TempStore, act: () => unknown): string[] => {
  const database = new Database(':memory:')
  const prototype = Object.getPrototypeOf(database.prepare('SELECT 1')) as Database.Statement
  const ran: { source: string; values: unknown[] }[] = []
  for (const verb of ['run', 'get', 'all'] as const) {
    const real = prototype[verb]
    vi.spyOn(prototype, verb).mockImplementation(function (this: Database.Statement, ...values: unknown[]) {
      ran.push({ source: this.source, values })
      return Reflect.apply(real, this, values) as never
    })
  }
  act()
  vi.restoreAllMocks()
  database.close()
  return ran
    .filter(({ source }) => /^\s*(select|with|update|delete|insert)/i.test(source))
    .flatMap(({ source, values }) => rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${source}`, ...values))
    .map(({ detail }) => detail)
}

const head = { status: 200, headers: [] }

/** A store with jobs in every state, so that each verb has work to do. */
const busyStore = (): TempStore => {
  const temp = tempStore()
  const { store } = temp
  const { claim: delayed } = runningJob(store, { groupKey: 'delayed' })
  store.runs.release(delayed, { code: 'stall', spent: true, availableAt: 5_000 }, 1_000, HOUR_MS)
  const { job, claim } = runningJob(store, { groupKey: 'ended' })
  store.runs.append(claim, { head, body: Buffer.from('x') })
  store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, 1_000, 1_000)
  store.submissions.delivered(job, 1_000)
  for (const groupKey of ['a', 'b', 'c']) store.submissions.enqueue(newJob({ groupKey }), 1_000)
  const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
  store.submissions.enqueue(newJob({ webhook, deadlineAt: 90_000, groupKey: 'd' }), 1_000)
  return temp
}

type Verb = [verb: string, act: (temp: TempStore) => unknown]

const verbs: Verb[] = [
  ['enqueue', ({ store }) => store.submissions.enqueue(newJob(), 1_000)],
  ['cancel', ({ store }) => store.submissions.cancel({ seq: 3, id: 'x' }, 1_000, HOUR_MS)],
  ['delivered', ({ store }) => store.submissions.delivered({ seq: 2, id: 'x' }, 1_000)],
  ['next', ({ store }) => store.queue.next('a', 3)],
  ['failBroken', ({ store }) => store.queue.failBroken(3, 1_000, HOUR_MS)],
  ['claimNext', ({ store }) => store.queue.claimNext('a', 'first', 1_000, 1_000)],
  ['claimNext of an awaited job', ({ store }) => store.queue.claimNext('a', 'first', 1_000, 1_000, 3)],
  [
    'append, finish, release',
    ({ store }) => {
      const [first, second] = ['a', 'b'].map(key => store.queue.claimNext(key, 'first', 1_000, 1_000)!)
      store.runs.append(first!, { head, body: Buffer.from('x') })
      store.runs.finish(first!, { state: 'failed', answerAttempt: null }, 1_000, HOUR_MS)
      store.runs.release(second!, { code: 'stall', spent: true }, 1_000, HOUR_MS)
    },
  ],
  [
    'enqueue with a key, and hasJob',
    ({ store }) => {
      const idempotency = { key: 'k', hash: Buffer.from('x') }
      store.submissions.enqueue(newJob({ idempotency }), 1_000)
      store.submissions.enqueue(newJob({ idempotency }), 1_000)
      store.submissions.hasJob('default', idempotency, 1_000)
    },
  ],
  [
    'bySeq, byId, request, log',
    ({ store }) => {
      store.records.bySeq(2)
      store.records.byId('job_0')
      store.records.request(2)
      store.records.log(2, 1)
    },
  ],
  [
    'due, byId, ofJob, attempts, record, redeliver',
    ({ store }) => {
      const delivery = store.deliveries.due({ host: 'a.example', caller: 'default' }, 9_000, 2)[0]!
      const attempt = { at: 1, durationMs: 1, status: 200, error: null, response: null }
      store.deliveries.record(delivery, attempt, { kind: 'again', nextAttemptAt: 9_000 }, 9_000)
      store.deliveries.record(delivery, attempt, { kind: 'gone' }, 9_000)
      store.deliveries.byId(delivery.id)
      store.deliveries.ofJob(delivery.jobSeq)
      store.deliveries.attempts([delivery.seq])
      store.deliveries.redeliver(delivery, 9_000)
    },
  ],
  [
    'arrivals, requestPart',
    ({ store }) => {
      const { arrivals } = store.submissions
      const arrival = arrivals.begin(1_000)
      const [job] = arrivals.add(arrival, [newJob({ parts: 1 })], 1_000)
      arrivals.addPart(arrival, { seq: job!.seq, n: 0, bytes: Buffer.alloc(1) }, 1_000)
      store.records.requestPart(job!.seq, 0)
      store.records.requestBytes(job!.seq)
      arrivals.accept(arrival)
    },
  ],
  [
    'jobsOf, leave, forget',
    ({ store }) => {
      store.submissions.enqueue(newJob({ gateway: 'g1' }), 1_000)
      store.gateways.heartbeat('g1')
      store.gateways.jobsOf('g1', 9)
      store.gateways.forget('g1')
      store.gateways.leave('g1')
    },
  ],
  ['progress', ({ store }) => store.runs.progress(store.queue.claimNext('c', 'first', 1, 1)!, 5, 1)],
  ['view, read', ({ store }) => store.output.read(2, { attempt: 1, after: 1 })],
  ['changesSince', ({ store }) => store.output.changesSince(3)],
]

test.each(verbs)('%s finds rows by their keys', (_verb, act) => {
  const temp = busyStore()
  const plans = plansOf(temp, () => act(temp))
  const others = plans.filter(plan => !/^(SEARCH |(SCALAR|LIST) SUBQUERY |SCAN target$)/.test(plan))
  expect(others).toEqual([])
})

test.each<[verb: string, plans: RegExp[], act: (temp: TempStore) => unknown]>([
  [
    'waitingLines',
    [
      /^SCAN jobs USING (COVERING )?INDEX jobs_ready$/,
      /^SEARCH jobs USING (COVERING )?INDEX jobs_ready \(group_key=\? AND priority>\?\)$/,
      /^SEARCH jobs USING (COVERING )?INDEX jobs_ready \(group_key>\?\)$/,
      /^SEARCH jobs USING INTEGER PRIMARY KEY \(rowid=\?\)$/,
    ],
    ({ store }) => store.queue.waitingLines(),
  ],
  [
    'claimNext',
    [/^SEARCH jobs USING INDEX jobs_ready \(group_key=\?\)$/],
    ({ store }) => store.queue.claimNext('a', 'first', 1, 1),
  ],
  [
    'promoteDue',
    [/^SEARCH jobs USING (COVERING )?INDEX jobs_delayed \(available_at>\?\)$/],
    ({ store }) => store.queue.promoteDue(9_000, 60_000),
  ],
  [
    'failOverdue',
    [/^SEARCH jobs USING (COVERING )?INDEX jobs_deadline \(deadline_at>\?\)$/],
    ({ store }) => store.queue.failOverdue(1, 1),
  ],
  [
    'backlogs',
    [
      /^SEARCH webhook_deliveries USING COVERING INDEX webhook_deliveries_due \(host=\? AND caller>\?\)$/,
      /^SEARCH webhook_deliveries USING COVERING INDEX webhook_deliveries_due \(host>\?\)$/,
      /^SEARCH last USING INTEGER PRIMARY KEY \(rowid=\?\)$/,
    ],
    ({ store }) => store.deliveries.backlogs(undefined, 9),
  ],
  [
    'due',
    [
      /^SEARCH webhook_deliveries USING INDEX webhook_deliveries_due \(host=\? AND caller=\? AND next_attempt_at<\?\)$/,
    ],
    ({ store }) => store.deliveries.due({ host: 'a.example', caller: 'default' }, 9_000, 2),
  ],
  [
    'reschedule',
    [/^SEARCH webhook_deliveries USING (COVERING )?INDEX webhook_deliveries_scheduled \(scheduled_at>\?\)$/],
    ({ store }) => store.deliveries.reschedule(9_000),
  ],
  [
    'position',
    [/^SEARCH jobs USING COVERING INDEX jobs_queued \(seq<\?\)$/],
    ({ store }) => store.records.position(9, 9),
  ],
  [
    'list',
    [/^SEARCH jobs USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)$/],
    ({ store }) => store.records.list({ before: 9, limit: 9 }),
  ],
  [
    'list by state queued',
    [/^SEARCH jobs USING INDEX jobs_queued \(seq>\? AND seq<\?\)$/],
    ({ store }) => store.records.list({ state: 'queued', before: 9, limit: 9 }),
  ],
  [
    'list by another state',
    [/^SEARCH jobs USING INDEX jobs_ended \(state=\? AND seq>\? AND seq<\?\)$/],
    ({ store }) => store.records.list({ state: 'failed', before: 9, limit: 9 }),
  ],
  [
    'list by model',
    [/^SEARCH jobs USING INDEX jobs_of_model \(model_name=\? AND seq>\? AND seq<\?\)$/],
    ({ store }) => store.records.list({ modelName: 'm', before: 9, limit: 9 }),
  ],
  [
    'list by caller',
    [/^SEARCH jobs USING INDEX jobs_of_caller \(caller=\? AND seq>\? AND seq<\?\)$/],
    ({ store }) => store.records.list({ caller: 'c', before: 9, limit: 9 }),
  ],
  [
    'list since',
    [/^SEARCH jobs USING (COVERING )?INDEX jobs_id_unique \(id>\?\)$/],
    ({ store }) => store.records.list({ since: 1, limit: 9 }),
  ],
  ['cancelRequests', [/^SCAN jobs USING INDEX jobs_running$/], ({ store }) => store.runs.cancelRequests()],
  [
    'heartbeats of gateways',
    [/^SEARCH jobs USING (COVERING )?INDEX jobs_of_gateway \(gateway>\?\)$/],
    ({ store }) => store.gateways.heartbeats(),
  ],
  [
    'jobsOf',
    [/^SEARCH jobs USING INDEX jobs_of_gateway \(gateway=\?\)$/],
    ({ store }) => store.gateways.jobsOf('g1', 9),
  ],
  [
    'requeueLost',
    [/^SCAN jobs USING INDEX jobs_running$/, /^SEARCH job_log USING INDEX job_log_of_job \(job_seq=\?\)$/],
    ({ store }) => store.runs.requeueLost(1, 1),
  ],
  [
    'read',
    [/^SEARCH job_log USING INDEX job_log_of_job \(job_seq=\? AND id>\?\)$/],
    ({ store }) => store.output.read(2, undefined),
  ],
  [
    'changesSince',
    [/^SEARCH job_log USING INTEGER PRIMARY KEY \(rowid>\?\)$/],
    ({ store }) => store.output.changesSince(1),
  ],
  [
    'pruneExpired',
    [/^SEARCH jobs USING (COVERING )?INDEX jobs_expiring \(expires_at>\? AND expires_at<\?\)$/],
    ({ store }) => store.housekeeping.pruneExpired(9_000),
  ],
  [
    'pruneDelivered',
    [
      /^SEARCH jobs USING (COVERING )?INDEX jobs_bytes_expiring \(bytes_expire_at>\? AND bytes_expire_at<\?\)$/,
    ],
    ({ store }) => store.housekeeping.pruneDelivered(9_000),
  ],
  [
    'pruneArrivals',
    [/^SEARCH jobs USING (COVERING )?INDEX jobs_arriving \(arrival>\?\)$/],
    ({ store }) => store.housekeeping.pruneArrivals(9_000),
  ],
])('%s uses the index that was made for it', (_verb, expected, act) => {
  const temp = busyStore()
  const plans = plansOf(temp, () => act(temp))
  for (const plan of expected) expect(plans).toContainEqual(expect.stringMatching(plan))
})

test('no verb reads all jobs, all requests or the whole log', () => {
  const temp = busyStore()
  const { store } = temp
  const plans = plansOf(temp, () => {
    for (const [, act] of verbs.toReversed()) act(temp)
    store.queue.waitingLines()
    store.queue.promoteDue(9_000, 60_000)
    store.runs.requeueLost(1_000, HOUR_MS)
    store.runs.cancelRequests()
    store.gateways.heartbeats()
    store.housekeeping.pruneDelivered(9_000)
    store.housekeeping.pruneExpired(9_000)
    store.housekeeping.pruneArrivals(9_000)
    store.housekeeping.canWrite()
    store.housekeeping.usedBytes()
    store.output.lastChange()
  })
  expect(plans.length).toBeGreaterThan(20)
  const scans = plans.filter(plan =>
    /^SCAN (jobs|job_requests|request_parts|job_details|job_log|webhook_deliveries|webhook_attempts)\b/.test(
      plan,
    ),
  )
  // `jobs_running` holds only running jobs. From `jobs_ready` only the first row is read, and
  // from the log only the last.
  expect(new Set(scans)).toEqual(
    new Set(['SCAN jobs USING INDEX jobs_running', 'SCAN jobs USING INDEX jobs_ready', 'SCAN job_log']),
  )
  expect(plansOf(temp, () => store.output.lastChange())).toEqual(['SCAN job_log'])
})
