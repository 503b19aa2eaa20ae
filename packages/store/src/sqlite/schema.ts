import {
  type ChoiceReason,
  deliveryStates,
  endStates,
  jobStates,
  type WebhookEvent,
  webhookEvents,
} from '@foreman/jobs'
import type { HeaderPairs } from '../values.ts'
import { blob, check, index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from './drizzle.ts'
import { lenientJson, lenientJsonText } from './json-column.ts'
import { areResidentModels, isHeaderPairs, isObject, isSchedulingRules, isTexts } from './json-shapes.ts'

const isWebhookEvents = (value: unknown): value is readonly WebhookEvent[] =>
  Array.isArray(value) && value.every(event => webhookEvents.some(known => known === event))

const oneOf = (values: readonly string[]) => sql.raw(values.map(value => `'${value}'`).join(','))

/**
 * One row per job. All times are milliseconds since the epoch. Requests and outputs have tables of their own, so that
 * queries on this table stay fast with a million rows.
 */
export const jobs = sqliteTable(
  'jobs',
  {
    /** The place of the job in the order of arrival. A deleted job's number is not used again. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    /** The name of the job for callers: `job_` and a UUID of version 7, so that ids sort by the time of arrival. */
    id: text('id').notNull().unique(),
    /** The state of the job. `packages/jobs/src/state.ts` says which state may follow which. */
    state: text('state', { enum: jobStates }).notNull(),
    /** The path and query as the caller sent them. With the row in `job_requests` this is all that the target needs. */
    path: text('path').notNull(),
    /** The path of the generating route that the request is for, without the query. */
    endpoint: text('endpoint').notNull(),
    /** The name of the model as the caller wrote it. */
    model: text('model').notNull(),
    /** The canonical name of the model, or the name as the caller wrote it if it has no canonical form. */
    modelName: text('model_name').notNull(),
    /**
     * The parts of the request that decide how the model is loaded, as JSON. Together with what is known of the model
     * they make the group key.
     */
    loadOptions: text('load_options').notNull(),
    /**
     * The name of the group. Jobs with the same group key can run one after the other without a model load between
     * them.
     */
    groupKey: text('group_key').notNull(),
    /** Whether the caller gets the answer piece by piece. Then an attempt that has brought bytes cannot be repeated. */
    streaming: integer('streams', { mode: 'boolean' }).notNull(),
    /** The attempt number of the job. A job is inserted with 0; each claim adds 1. The rows of `job_log` carry it. */
    attempt: integer('attempt').notNull().default(0),
    /**
     * The number of failed attempts that count against the limit. An attempt that ended because the target or the
     * worker went away does not count.
     */
    failedAttempts: integer('failed_attempts').notNull().default(0),
    /** How often the worker died while it ran this job and no other. */
    lostCount: integer('lost_count').notNull().default(0),
    /**
     * Whether the worker died while it ran this job together with others, any of which may have been the reason. From
     * then on the job runs only while no other job runs, so that nobody shares its losses.
     */
    runsAlone: integer('runs_alone', { mode: 'boolean' }).notNull().default(false),
    /** When a delayed job becomes ready for its next attempt. Null: the job is ready, is running or has ended. */
    availableAt: integer('available_at'),
    /**
     * The token of the claim. Every write of a run must carry it, so that a worker that has lost the job cannot write.
     * Null: the job is not running.
     */
    claimToken: text('claim_token'),
    /**
     * The token of the last claim, also when the job no longer runs. A reader tells by it whether it still reads the same
     * attempt, and a worker whose answer was lost learns what became of its run. Null: the job was never claimed.
     */
    lastToken: text('last_token'),
    /** When the cancellation of a running job was requested. The worker ends the job when it sees this. */
    cancelRequestedAt: integer('cancel_requested_at'),
    /**
     * The attempt whose output is the answer. Of a queued or running job: the attempt with the best answer so far.
     * Null: there is no answer.
     */
    answerAttempt: integer('answer_attempt'),
    /** The HTTP status of the answer. Null: the job has not ended, or has no answer. */
    statusCode: integer('status_code'),
    /** Why the job ended without success. `packages/jobs/src/codes.ts` lists the codes. */
    errorCode: text('error_code'),
    /** Why the job ended without success, in words. Null: the answer or the code says it. */
    errorMessage: text('error_message'),
    /** When the job was submitted. */
    createdAt: integer('created_at').notNull(),
    /**
     * The place in the order of arrival that the job has taken over from an earlier request, and when that arrived. Null: it has
     * its own.
     */
    keptPlace: integer('kept_place'),
    keptCreatedAt: integer('kept_created_at'),
    /** The job's place in the order of arrival. */
    place: integer('place').generatedAlwaysAs(sql`coalesce(kept_place, seq)`, { mode: 'virtual' }),
    /** When the caller left while the job waited, so that a repetition may take its place over. Null: it did not, or one has. */
    leftAt: integer('left_at'),
    /** When the last attempt started. Null: the job was never claimed. */
    startedAt: integer('started_at'),
    /** Why it started then. Null: the job was never claimed, or by a version that did not say so. */
    startReason: text('start_reason').$type<ChoiceReason>(),
    /** The model whose turn ended for it, and since when that had the turn. Null: no turn ended for it. */
    behindModel: text('behind_model'),
    behindSince: integer('behind_since'),
    /** When the job ended. Null: it has not ended. */
    finishedAt: integer('finished_at'),
    /** When the job may be deleted, with all that belongs to it. Null: the job has not ended. */
    expiresAt: integer('expires_at'),
    /**
     * When the request and the output may be deleted, because the caller has the answer. The row and its events stay
     * until `expiresAt`.
     */
    bytesExpireAt: integer('bytes_expire_at'),
    /** The name of the caller that owns the job. */
    caller: text('caller').notNull().default('default'),
    /** Whose use of the target counts: the first of two levels of fairness. Decides the order only. */
    account: text('account').notNull().default(''),
    /** Which of the account's people or programs has sent the job, as far as it says: the second level. */
    sender: text('sender').notNull().default(''),
    /** The index of the priority in `priorities`: 0 is the most urgent. */
    priority: integer('priority').notNull().default(1),
    /** The number of attempts that may fail. Null: the worker's setting applies. */
    maxAttempts: integer('max_attempts'),
    /** If the job has not ended by this time, it fails. Null: it has no deadline. */
    deadlineAt: integer('deadline_at'),
    /**
     * The idempotency key of the request. A repeated request with the key gets this job. It is removed when the key is
     * sent again after the job has ended, but not for good.
     */
    idempotencyKey: text('idempotency_key'),
    /** A hash of the request, if it has an idempotency key or its caller waits. It tells a repeated request from a different one. */
    requestHash: blob('request_hash', { mode: 'buffer' }),
    /** How many pieces of the answer the running attempt has received so far. Each claim sets it to null. */
    tokens: integer('tokens'),
    /** The number of prompt tokens that the answer states. */
    promptTokens: integer('prompt_tokens'),
    /** The number of generated tokens that the answer states. */
    completionTokens: integer('completion_tokens'),
    /** How long the load of the model took, in milliseconds, as the answer states it. */
    loadMs: integer('load_ms'),
    /** How long the prompt and the rest of the answer took, in milliseconds, as the answer states it. */
    promptMs: integer('prompt_ms'),
    generateMs: integer('generate_ms'),
    /** When the answer's attempt had its first byte. Null: there is no answer, or an older version wrote it. */
    firstByteAt: integer('first_byte_at'),
    /** The turn in which the last attempt started, by `turns.id`. */
    turn: integer('turn'),
    /** The batch that it was submitted in, by `batches.seq`. */
    batch: integer('batch'),
    /** The id of the ended job that this job repeats. Null: it repeats none. */
    retryOf: text('retry_of'),
    /** The arrival that the job is part of. Such a job does not run yet. Null: it is accepted. */
    arrival: integer('arrival'),
    /**
     * The gateway on whose connection the caller waits. When that gateway is gone, nobody comes for the answer. Null: the
     * job goes on without its caller, or its gateway was stopped and has let it go.
     */
    gateway: text('gateway'),
    /**
     * Bytes of no meaning, as many as a claim and an end write into the row. Without them the row would grow out of its page, and
     * SQLite would write the pages beside it, too. Null: the job was claimed, or an older version inserted it.
     */
    room: blob('room', { mode: 'buffer' }),
  },
  table => [
    check('jobs_state', sql`${table.state} IN (${oneOf(jobStates)})`),
    check('jobs_running_has_claim', sql`(${table.state} = 'running') = (${table.claimToken} IS NOT NULL)`),
    check(
      'jobs_terminal_has_end',
      sql`(${table.state} IN (${oneOf(endStates)})) = (${table.finishedAt} IS NOT NULL)`,
    ),
    index('jobs_ready')
      .on(table.groupKey, table.priority, table.place)
      .where(sql`${table.state} = 'queued' AND ${table.availableAt} IS NULL AND ${table.arrival} IS NULL`),
    index('jobs_ready_of_sender')
      .on(table.groupKey, table.priority, table.account, table.sender, table.place)
      .where(sql`${table.state} = 'queued' AND ${table.availableAt} IS NULL AND ${table.arrival} IS NULL`),
    index('jobs_left')
      .on(table.caller, table.account, table.sender, table.requestHash, table.leftAt)
      .where(sql`${table.leftAt} IS NOT NULL`),
    index('jobs_arriving')
      .on(table.arrival)
      .where(sql`${table.arrival} IS NOT NULL`),
    index('jobs_of_gateway')
      .on(table.gateway)
      .where(sql`${table.gateway} IS NOT NULL AND ${table.finishedAt} IS NULL`),
    index('jobs_queued_of_model')
      .on(table.modelName, table.loadOptions)
      .where(sql`${table.state} = 'queued'`),
    index('jobs_delayed')
      .on(table.availableAt)
      .where(sql`${table.state} = 'queued' AND ${table.availableAt} IS NOT NULL`),
    index('jobs_running')
      .on(table.seq)
      .where(sql`${table.state} = 'running'`),
    index('jobs_expiring')
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} IS NOT NULL`),
    index('jobs_bytes_expiring')
      .on(table.bytesExpireAt)
      .where(sql`${table.bytesExpireAt} IS NOT NULL`),
    index('jobs_deadline')
      .on(table.deadlineAt)
      .where(sql`${table.state} = 'queued' AND ${table.deadlineAt} IS NOT NULL`),
    uniqueIndex('jobs_idempotency')
      .on(table.caller, table.idempotencyKey)
      .where(sql`${table.idempotencyKey} IS NOT NULL`),
    index('jobs_queued')
      .on(table.seq)
      .where(sql`${table.state} = 'queued'`),
    index('jobs_ended')
      .on(table.state, table.seq)
      .where(sql`${table.finishedAt} IS NOT NULL`),
    index('jobs_of_model').on(table.modelName, table.seq),
    index('jobs_of_caller').on(table.caller, table.seq),
    index('jobs_of_batch')
      .on(table.batch, table.seq, table.state)
      .where(sql`${table.batch} IS NOT NULL`),
  ],
)

/** How many jobs are ready, by line and sender. The triggers of migration 0009 count them with every change of a job. */
export const readyCounts = sqliteTable(
  'ready_counts',
  {
    groupKey: text('group_key').notNull(),
    priority: integer('priority').notNull(),
    account: text('account').notNull(),
    sender: text('sender').notNull(),
    /** At least 1. */
    jobs: integer('jobs').notNull(),
  },
  table => [primaryKey({ columns: [table.groupKey, table.priority, table.account, table.sender] })],
)

/** Metadata and webhook of a job, if the caller gave any. Neither the queue nor the target reads them. */
export const jobDetails = sqliteTable('job_details', {
  /** The job that the details belong to. */
  jobSeq: integer('job_seq')
    .primaryKey()
    .references(() => jobs.seq),
  /** A JSON object that the caller gave with the job, as the caller wrote it. Whoever reads it checks that it is an object; it is shown unchanged. */
  metadata: lenientJsonText('metadata', isObject),
  /** Where the webhook messages of the job go. Null: the job has no webhook. */
  webhookUrl: text('webhook_url'),
  /** The events that the webhook reports. */
  webhookEvents: lenientJson('webhook_events', isWebhookEvents),
})

/** The request that the target gets. */
export const jobRequests = sqliteTable('job_requests', {
  /** The job that the request belongs to. */
  jobSeq: integer('job_seq')
    .primaryKey()
    .references(() => jobs.seq),
  /** The end-to-end headers, in the order and case in which they arrived. */
  headers: text('headers', { mode: 'json' }).$type<HeaderPairs>().notNull(),
  /** The body, byte for byte as it arrived. Empty when it is in parts. */
  body: blob('body', { mode: 'buffer' }).notNull(),
  /** In how many rows of `request_parts` the body is. 0: it is in `body`. */
  parts: integer('parts').notNull().default(0),
})

/** A body that is too large for one commit. */
export const requestParts = sqliteTable(
  'request_parts',
  {
    /** The job that the body belongs to. */
    jobSeq: integer('job_seq')
      .notNull()
      .references(() => jobs.seq),
    /** The place of the part in the body, from 0. */
    n: integer('n').notNull(),
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  table => [primaryKey({ columns: [table.jobSeq, table.n] })],
)

/** Jobs that a gateway writes in several commits. When its row here is deleted, they are accepted, or never existed. */
export const arrivals = sqliteTable('arrivals', {
  /** The id of a deleted row is not used again. */
  id: integer('id').primaryKey({ autoIncrement: true }),
  /** When the gateway last wrote something of it. */
  touchedAt: integer('touched_at').notNull(),
})

export const logKinds = ['head', 'body', 'event'] as const

/**
 * The log of all jobs: the output of every attempt and the changes of every job, in one order. Entries are added and
 * deleted, but never changed.
 */
export const jobLog = sqliteTable(
  'job_log',
  {
    /**
     * The place of the entry in the log of all jobs. Ids rise across all jobs, so that one range of ids holds
     * everything that is new.
     */
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** The job that the entry belongs to. */
    jobSeq: integer('job_seq')
      .notNull()
      .references(() => jobs.seq),
    /** The attempt during which the entry was written. 0 before the first attempt. */
    attempt: integer('attempt').notNull(),
    /** `head`: status and headers of an answer. `body`: a piece of its body. `event`: a change of the job. */
    kind: text('kind', { enum: logKinds }).notNull(),
    /** JSON for `head` and `event`. For `body`, the bytes as the target sent them. */
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  table => [
    check('job_log_kind', sql`${table.kind} IN (${oneOf(logKinds)})`),
    index('job_log_of_job').on(table.jobSeq, table.id),
  ],
)

/** The outbox: one message for each change that a webhook reports, written in the transaction of the change. */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    /** The order in which the messages were written. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    /** The `webhook-id`. It is the same in every attempt. */
    id: text('id').notNull().unique(),
    /** The job that the message is about. */
    jobSeq: integer('job_seq')
      .notNull()
      .references(() => jobs.seq),
    /** The event that the message reports. */
    event: text('event').$type<WebhookEvent>().notNull(),
    /** Where the message goes. */
    url: text('url').notNull(),
    /** The host and port of the URL. The number of simultaneous attempts to one host is limited. */
    host: text('host').notNull(),
    /** The caller that owns the job. No caller's messages take all delivery attempts. */
    caller: text('caller').notNull().default('default'),
    /** The body of the message, as every attempt sends it. */
    body: text('body').notNull(),
    /**
     * `pending`: the message still has to be sent. `delivered`: the receiver has accepted it. `dead`: foreman has given
     * up.
     */
    state: text('state', { enum: deliveryStates }).notNull(),
    /**
     * The number of failed attempts since the message was written or redelivered. It selects the delay before the next
     * attempt.
     */
    failures: integer('failures').notNull().default(0),
    /** When the next attempt is due. Null: the message is no longer pending. */
    nextAttemptAt: integer('next_attempt_at'),
    /** When `nextAttemptAt` was set. If this lies in the future, the clock was set back since. */
    scheduledAt: integer('scheduled_at').notNull().default(0),
    /** When the change happened that the message reports. */
    createdAt: integer('created_at').notNull(),
    /** When the message was delivered or given up. Null: it is pending. */
    finishedAt: integer('finished_at'),
  },
  table => [
    check('webhook_deliveries_state', sql`${table.state} IN (${oneOf(deliveryStates)})`),
    check(
      'webhook_deliveries_pending_is_due',
      sql`(${table.state} = 'pending') = (${table.nextAttemptAt} IS NOT NULL)`,
    ),
    check(
      'webhook_deliveries_over_has_end',
      sql`(${table.state} = 'pending') = (${table.finishedAt} IS NULL)`,
    ),
    index('webhook_deliveries_due')
      .on(table.host, table.caller, table.nextAttemptAt, table.seq)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_scheduled')
      .on(table.scheduledAt)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_pending_of_job')
      .on(table.jobSeq)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_pending_of_url')
      .on(table.url, table.caller)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_of_job').on(table.jobSeq, table.seq),
    // They are counted by time and by host without a look at each message, which lies on pages of its own.
    index('webhook_deliveries_dead')
      .on(table.seq, table.finishedAt, table.host)
      .where(sql`${table.state} = 'dead'`),
  ],
)

/** One row per attempt to send a webhook message. */
export const webhookAttempts = sqliteTable(
  'webhook_attempts',
  {
    /** The order of the attempts. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    /** The message that was sent. */
    deliverySeq: integer('delivery_seq')
      .notNull()
      .references(() => webhookDeliveries.seq),
    /** When the attempt started. */
    at: integer('at').notNull(),
    /** How long the attempt took. */
    durationMs: integer('duration_ms').notNull(),
    /** The HTTP status of the receiver's answer. Null: there was no answer. */
    status: integer('status'),
    /** Why there was no answer. Null: there was one. */
    error: text('error'),
    /** The beginning of the body of the receiver's answer. */
    response: text('response'),
  },
  table => [index('webhook_attempts_of_delivery').on(table.deliverySeq, table.seq)],
)

/**
 * Receivers that answered that they are gone. Each gets no more messages of jobs that the caller had submitted until
 * then.
 */
export const goneReceivers = sqliteTable(
  'gone_receivers',
  {
    /** The caller whose message got that answer. Other callers' jobs have messages for the URL all the same. */
    caller: text('caller').notNull(),
    /** The URL of the receiver. */
    url: text('url').notNull(),
    /** When it said that it is gone. */
    since: integer('since').notNull(),
    /** The last job that was submitted before. Unlike a time, its number shows the order whatever the clock does. */
    lastJobSeq: integer('last_job_seq').notNull(),
  },
  table => [primaryKey({ columns: [table.caller, table.url] })],
)

/** One row: the name of the deployment that uses this file. */
export const deployment = sqliteTable('deployment', {
  /**
   * Gateways and workers put it into the `Via` of each request to the target. So a gateway recognises a request of its own
   * deployment that comes back. A migration has chosen it at random.
   */
  name: text('name').primaryKey(),
})

/** How a process does. Null: its version is older than that. */
const processColumns = () => ({
  /** The version of foreman. */
  version: text('version'),
  residentBytes: integer('resident_bytes'),
  /** The CPU time of all its threads so far. */
  cpuMs: integer('cpu_ms'),
  /** How late its event loop was, of a hundred times the latest but one, since the last heartbeat. */
  loopLagMs: integer('loop_lag_ms'),
  /** By which another process sees which of the settings that all must share it has other values of. */
  settings: text('settings'),
})

/** One row per worker process, active or on standby. */
export const workers = sqliteTable('workers', {
  /** A name that the worker process chose for itself. */
  id: text('id').primaryKey(),
  /** The id of the process. */
  pid: integer('pid').notNull(),
  /** Whether the worker is active. Otherwise it is on standby. */
  active: integer('active', { mode: 'boolean' }).notNull(),
  /** When the process started. */
  startedAt: integer('started_at').notNull(),
  /** When the worker last updated this row. */
  heartbeatAt: integer('heartbeat_at').notNull(),
  ...processColumns(),
})

/** One row per gateway process. */
export const gateways = sqliteTable('gateways', {
  /** A name that the gateway process chose for itself. */
  id: text('id').primaryKey(),
  /**
   * How many heartbeats the gateway has written. The worker sees that the number rises. It is no time, because a clock
   * that is set back or stands still must not make a gateway look dead.
   */
  heartbeats: integer('heartbeats').notNull(),
  /** For people: when it wrote the last one. */
  heartbeatAt: integer('heartbeat_at'),
  startedAt: integer('started_at'),
  ...processColumns(),
})

export const targetStates = ['unknown', 'up', 'away'] as const

/** One row: what the worker knows of the target, and which group has the turn. */
export const target = sqliteTable(
  'target',
  {
    /** Always 1. */
    id: integer('id').primaryKey(),
    /** `up`: the target answers. `away`: it does not. `unknown`: no worker has looked yet. */
    state: text('state', { enum: targetStates }).notNull(),
    /** When the state last changed. */
    since: integer('since').notNull(),
    /** Why the target is away, or what it does not answer while it is `up`. Null: neither. */
    reason: text('reason'),
    /** When a gateway last failed to reach the target, and asked the worker to check. */
    suspectedAt: integer('suspected_at'),
    /** When a watchdog last cut off a silent exchange. Null: an exchange has succeeded since. */
    stalledAt: integer('stalled_at'),
    /** Whether loading the embedding model pushed the working model out of memory, so that the worker unloaded it. */
    embedderDoesNotFit: integer('embedder_does_not_fit', { mode: 'boolean' }).notNull(),
    /** The group that had the last turn. */
    turnGroupKey: text('turn_group_key'),
    /** When that turn started. */
    turnStartedAt: integer('turn_started_at'),
    /** The groups that the target can serve without a load, as JSON. Null: nobody knows. */
    residentGroups: lenientJson('resident_groups', isTexts),
    /** Until when the target stands still for a caller who is likely to come back. Null: it does not. */
    expectingUntil: integer('expecting_until'),
    /** The present turn, by `turns.id`. */
    turn: integer('turn'),
    /** The settings by which the active worker decides, as JSON. Null: none has said. */
    rules: lenientJson('rules', isSchedulingRules),
    /** The models in the target's memory, as JSON. Null: nobody knows. */
    residents: lenientJson('residents', areResidentModels),
  },
  table => [check('target_one_row', sql`${table.id} = 1`)],
)

/** At most one row: what the worker has learned, for the one that follows it. Not in `target`, which each claim writes. */
export const workerMemory = sqliteTable('worker_memory', {
  /** Always 1. */
  id: integer('id').primaryKey(),
  /** A text of @foreman/experience. */
  memory: text('memory').notNull(),
})

/** The models of the target, as the worker last polled them. */
export const models = sqliteTable('models', {
  /** The canonical name of the model. */
  name: text('name').primaryKey(),
  /** The digest of the model's manifest. Names with the same manifest have the same digest. */
  digest: text('digest').notNull(),
  /**
   * What the target says about the manifest, as JSON: how it loads, and what it can do. Null: the target has not been
   * asked yet.
   */
  loading: lenientJson('loading', isObject),
  /** Whether the model runs on another machine, and so needs no memory of the target. */
  remote: integer('remote', { mode: 'boolean' }).notNull(),
})

/** The last answers of the target's metadata routes. Callers get them while the target is away. */
export const snapshots = sqliteTable('snapshots', {
  /** The path of the metadata route. */
  path: text('path').primaryKey(),
  /** The headers of its last answer. */
  headers: lenientJson('headers', isHeaderPairs).notNull(),
  /** The body of its last answer. */
  body: blob('body', { mode: 'buffer' }).notNull(),
  /** When the worker got that answer. */
  polledAt: integer('polled_at').notNull(),
})
