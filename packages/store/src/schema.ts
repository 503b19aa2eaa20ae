import { deliveryStates, endStates, jobStates, type WebhookEvent } from '@foreman/jobs'
import { blob, check, index, integer, sql, sqliteTable, text, uniqueIndex } from './drizzle.ts'

const oneOf = (values: readonly string[]) => sql.raw(values.map(value => `'${value}'`).join(','))

/** All times are milliseconds since the epoch. The table is narrow, so that it stays quick with a million rows. */
export const jobs = sqliteTable(
  'jobs',
  {
    /** Arrival order. Never used twice. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    state: text('state', { enum: jobStates }).notNull(),
    /** Path and query as the caller sent them: with the request's bytes, all that the target needs. */
    path: text('path').notNull(),
    /** The generating route that the path is. */
    endpoint: text('endpoint').notNull(),
    /** The model's name as the caller wrote it. */
    model: text('model').notNull(),
    /** The same in its canonical form, or as written where it has none. */
    modelName: text('model_name').notNull(),
    /** What of the request decides about a load, as JSON: with what is known of the model, it makes the group. */
    loadOptions: text('load_options').notNull(),
    /** The load signature: jobs with the same one can follow each other without a model load between them. */
    groupKey: text('group_key').notNull(),
    /** Whether a caller gets the bytes as they come, so that an attempt that has made some cannot be repeated. */
    streaming: integer('streams', { mode: 'boolean' }).notNull(),
    /** How often the job was claimed. Numbers the output in `job_log`. */
    attempt: integer('attempt').notNull().default(0),
    /** Those attempts that count against the limit: not the ones that ended because target or worker went away. */
    failedAttempts: integer('failed_attempts').notNull().default(0),
    lostCount: integer('lost_count').notNull().default(0),
    /** A queued job that waits for its next attempt: not before this time. */
    availableAt: integer('available_at'),
    /** Fences a run: every write of it must carry the token that its claim made. */
    claimToken: text('claim_token'),
    cancelRequestedAt: integer('cancel_requested_at'),
    /** The attempt whose output is the answer. While queued: the best there is so far. */
    answerAttempt: integer('answer_attempt'),
    statusCode: integer('status_code'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    createdAt: integer('created_at').notNull(),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
    /** When the row goes. */
    expiresAt: integer('expires_at'),
    /** When the bytes go, the caller having them. */
    bytesExpireAt: integer('bytes_expire_at'),
    /** Whose job it is: a name that belongs to a token. */
    caller: text('caller').notNull().default('default'),
    /** 0 comes before 1. */
    priority: integer('priority').notNull().default(1),
    /** Attempts that may fail, where the job has a limit of its own. */
    maxAttempts: integer('max_attempts'),
    /** If it has not ended by then, it fails. */
    deadlineAt: integer('deadline_at'),
    /** By which its caller recognises it, until it is gone. */
    idempotencyKey: text('idempotency_key'),
    /** Of the request that brought the key. */
    requestHash: blob('request_hash', { mode: 'buffer' }),
    /** Pieces of the answer so far. */
    tokens: integer('tokens'),
    promptTokens: integer('prompt_tokens'),
    completionTokens: integer('completion_tokens'),
    /** The id of the job that this one repeats. */
    retryOf: text('retry_of'),
  },
  table => [
    check('jobs_state', sql`${table.state} IN (${oneOf(jobStates)})`),
    check('jobs_running_has_claim', sql`(${table.state} = 'running') = (${table.claimToken} IS NOT NULL)`),
    check(
      'jobs_terminal_has_end',
      sql`(${table.state} IN (${oneOf(endStates)})) = (${table.finishedAt} IS NOT NULL)`,
    ),
    index('jobs_ready')
      .on(table.groupKey, table.priority, table.seq)
      .where(sql`${table.state} = 'queued' AND ${table.availableAt} IS NULL`),
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
  ],
)

/** What a caller gave along with its job, where it gave any. Neither the queue nor the target looks at it. */
export const jobDetails = sqliteTable('job_details', {
  jobSeq: integer('job_seq')
    .primaryKey()
    .references(() => jobs.seq),
  metadata: text('metadata', { mode: 'json' }).$type<Record<string, unknown>>(),
  webhookUrl: text('webhook_url'),
  /** The events that it wants to be told of. */
  webhookEvents: text('webhook_events', { mode: 'json' }).$type<readonly WebhookEvent[]>(),
})

/** What the target is sent: the end-to-end headers as `[name, value]` pairs, and the body as it came. */
export const jobRequests = sqliteTable('job_requests', {
  jobSeq: integer('job_seq')
    .primaryKey()
    .references(() => jobs.seq),
  headers: text('headers', { mode: 'json' }).$type<HeaderPairs>().notNull(),
  body: blob('body', { mode: 'buffer' }).notNull(),
})

export const logKinds = ['head', 'body', 'event'] as const

/**
 * All that ever came of a job, in order, output and events alike. `id` rises across all jobs, so that "what is
 * new since" is one range of it, whoever asks.
 */
export const jobLog = sqliteTable(
  'job_log',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    jobSeq: integer('job_seq')
      .notNull()
      .references(() => jobs.seq),
    attempt: integer('attempt').notNull(),
    kind: text('kind', { enum: logKinds }).notNull(),
    /** `head` and `event`: JSON. `body`: bytes as the target sent them. */
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  table => [
    check('job_log_kind', sql`${table.kind} IN (${oneOf(logKinds)})`),
    index('job_log_of_job').on(table.jobSeq, table.id),
  ],
)

/** The outbox: a message for each change that somebody wants to be told of, written along with the change. */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    /** The `webhook-id`: the same however often the message is sent. */
    id: text('id').notNull().unique(),
    jobSeq: integer('job_seq')
      .notNull()
      .references(() => jobs.seq),
    event: text('event').$type<WebhookEvent>().notNull(),
    url: text('url').notNull(),
    /** Host and port: so many at a time go to one. */
    host: text('host').notNull(),
    body: text('body').notNull(),
    state: text('state', { enum: deliveryStates }).notNull(),
    /** Attempts that failed since it was last handed in: the step of the schedule. */
    failures: integer('failures').notNull().default(0),
    nextAttemptAt: integer('next_attempt_at'),
    createdAt: integer('created_at').notNull(),
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
      .on(table.host, table.nextAttemptAt, table.seq)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_pending_of_job')
      .on(table.jobSeq)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_pending_of_url')
      .on(table.url)
      .where(sql`${table.state} = 'pending'`),
    index('webhook_deliveries_of_job').on(table.jobSeq, table.seq),
  ],
)

/** What came of sending a message, once for each time. */
export const webhookAttempts = sqliteTable(
  'webhook_attempts',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    deliverySeq: integer('delivery_seq')
      .notNull()
      .references(() => webhookDeliveries.seq),
    at: integer('at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    status: integer('status'),
    /** Why there is no status. */
    error: text('error'),
    /** The beginning of what was answered. */
    response: text('response'),
  },
  table => [index('webhook_attempts_of_delivery').on(table.deliverySeq, table.seq)],
)

/** Receivers that said they are gone: jobs that were handed in before tell them nothing more. */
export const goneReceivers = sqliteTable('gone_receivers', {
  url: text('url').primaryKey(),
  since: integer('since').notNull(),
})

/** Worker processes that are there, whether they work or stand by. */
export const workers = sqliteTable('workers', {
  id: text('id').primaryKey(),
  pid: integer('pid').notNull(),
  active: integer('active', { mode: 'boolean' }).notNull(),
  startedAt: integer('started_at').notNull(),
  heartbeatAt: integer('heartbeat_at').notNull(),
})

export const targetStates = ['unknown', 'up', 'away'] as const

/** One row: what the worker knows of the target, and whose turn it is there. */
export const target = sqliteTable(
  'target',
  {
    id: integer('id').primaryKey(),
    state: text('state', { enum: targetStates }).notNull(),
    since: integer('since').notNull(),
    /** Why it counts as away. */
    reason: text('reason'),
    /** A gateway that could not reach the target asks the worker to look. */
    suspectedAt: integer('suspected_at'),
    /** When a watchdog last cut off a silent exchange, until the next one that succeeds. */
    stalledAt: integer('stalled_at'),
    embedderDoesNotFit: integer('embedder_does_not_fit', { mode: 'boolean' }).notNull(),
    /** The group that ran last, and since when it has its turn. */
    turnGroupKey: text('turn_group_key'),
    turnStartedAt: integer('turn_started_at'),
  },
  table => [check('target_one_row', sql`${table.id} = 1`)],
)

/** The polled catalogue. `name` is canonical. */
export const models = sqliteTable('models', {
  name: text('name').primaryKey(),
  /** Of the manifest. */
  digest: text('digest').notNull(),
  /** What is known of how it loads, as JSON; null until the target has been asked. */
  loading: text('loading', { mode: 'json' }).$type<Record<string, unknown>>(),
  /** It runs elsewhere and needs nothing of the target's memory. */
  remote: integer('remote', { mode: 'boolean' }).notNull(),
})

/** Answers of the target's metadata routes as they last were, for the time when it is away. */
export const snapshots = sqliteTable('snapshots', {
  path: text('path').primaryKey(),
  headers: text('headers', { mode: 'json' }).$type<HeaderPairs>().notNull(),
  body: blob('body', { mode: 'buffer' }).notNull(),
  polledAt: integer('polled_at').notNull(),
})

/** Header names and values in the order and case in which they came. */
export type HeaderPairs = readonly (readonly [string, string])[]
