import { isEndState, priorities, type Priority, type WebhookEvent } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, eq, isNotNull, isNull, sql } from '../drizzle.ts'
import { KeyReusedError } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Changes } from '../log/changes.ts'
import { type HeaderPairs, jobDetails, jobs } from '../schema.ts'

export interface NewJob {
  /** Path and query. */
  readonly path: string
  readonly endpoint: string
  readonly model: string
  readonly modelName: string
  readonly loadOptions: string
  readonly groupKey: string
  readonly streaming: boolean
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly caller: string
  readonly priority: Priority
  /** Default: as many as any job. */
  readonly maxAttempts?: number | undefined
  readonly deadlineAt?: number | undefined
  readonly metadata?: Record<string, unknown> | undefined
  readonly webhook?: { readonly url: string; readonly events: readonly WebhookEvent[] } | undefined
  readonly idempotency?: IdempotencyKey | undefined
  /** The id of the job that this one repeats. */
  readonly retryOf?: string | undefined
}

/** By which a caller's repeated request is known, and a hash of that request. */
export interface IdempotencyKey {
  readonly key: string
  readonly hash: Buffer
}

/** What a process keeps in hand of a job of its own. */
export interface JobRef {
  readonly seq: number
  readonly id: string
}

/** `isReplayed`: the key is that of a job which is there already. */
export interface Submitted extends JobRef {
  readonly isReplayed: boolean
}

interface KeyedJob extends JobRef {
  readonly gaveUp: boolean
}

/** `cancelled`: it had not begun. `requested`: it is running, and its worker will see. `ended`: too late. */
export type CancelResult = 'cancelled' | 'requested' | 'ended'

/** The verbs of those who hand work in. */
export const submissions = (connection: Connection, changes: Changes) => {
  const { db } = connection
  // Not by Drizzle: ten thousand of them are inserted in one transaction, while others wait.
  const insertJob = connection.sqlite.prepare(
    `INSERT INTO jobs (id, state, path, endpoint, model, model_name, load_options, group_key, streams, created_at,
       caller, priority, max_attempts, deadline_at, idempotency_key, request_hash, retry_of)
     VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertRequest = connection.sqlite.prepare(
    'INSERT INTO job_requests (job_seq, headers, body) VALUES (?, ?, ?)',
  )
  const insertDetails = db
    .insert(jobDetails)
    .values({
      jobSeq: sql.placeholder('seq'),
      metadata: sql.placeholder('metadata'),
      webhookUrl: sql.placeholder('webhookUrl'),
      webhookEvents: sql.placeholder('webhookEvents'),
    })
    .prepare()
  const selectByKey = db
    .select({
      seq: jobs.seq,
      id: jobs.id,
      state: jobs.state,
      answerAttempt: jobs.answerAttempt,
      requestHash: jobs.requestHash,
    })
    .from(jobs)
    .where(and(eq(jobs.caller, sql.placeholder('caller')), eq(jobs.idempotencyKey, sql.placeholder('key'))))
    .prepare()
  const giveUpKey = db
    .update(jobs)
    .set({ idempotencyKey: null, requestHash: null })
    .where(eq(jobs.seq, sql.placeholder('seq')))
    .prepare()
  const cancelQueued = db
    .update(jobs)
    .set({
      state: 'cancelled',
      finishedAt: sql`${sql.placeholder('now')}`,
      expiresAt: sql`${sql.placeholder('expiresAt')}`,
      availableAt: null,
      answerAttempt: null,
      errorCode: 'cancelled',
    })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'queued')))
    .returning({ attempt: jobs.attempt })
    .prepare()
  const requestCancelOfRunning = db
    .update(jobs)
    .set({ cancelRequestedAt: sql`coalesce(${jobs.cancelRequestedAt}, ${sql.placeholder('now')})` })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'running')))
    .returning({ attempt: jobs.attempt })
    .prepare()
  const expireBytes = db
    .update(jobs)
    .set({ bytesExpireAt: sql`${sql.placeholder('at')}` })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), isNotNull(jobs.finishedAt), isNull(jobs.idempotencyKey)))
    .prepare()

  /** The job that has the key already. One that ended without an answer has it no more. */
  const jobOfKey = (caller: string, { key, hash }: IdempotencyKey): KeyedJob | undefined => {
    const keyed = selectByKey.get({ caller, key })
    if (!keyed) return undefined
    const { seq, id, state, answerAttempt, requestHash } = keyed
    if (isEndState(state) && answerAttempt === null) return { seq, id, gaveUp: true }
    if (!requestHash?.equals(hash)) throw new KeyReusedError('the key belongs to another request')
    return { seq, id, gaveUp: false }
  }

  const insert = (job: NewJob, now: number): JobRef => {
    const id = newId('job', now)
    const { metadata, webhook, idempotency } = job
    const { lastInsertRowid } = insertJob.run(
      id,
      job.path,
      job.endpoint,
      job.model,
      job.modelName,
      job.loadOptions,
      job.groupKey,
      job.streaming ? 1 : 0,
      now,
      job.caller,
      priorities.indexOf(job.priority),
      job.maxAttempts ?? null,
      job.deadlineAt ?? null,
      idempotency?.key ?? null,
      idempotency?.hash ?? null,
      job.retryOf ?? null,
    )
    const seq = Number(lastInsertRowid)
    insertRequest.run(seq, JSON.stringify(job.headers), job.body)
    if (metadata ?? webhook) {
      insertDetails.run({
        seq,
        metadata: metadata ?? null,
        webhookUrl: webhook?.url ?? null,
        webhookEvents: webhook?.events ?? null,
      })
    }
    changes.record({ seq, attempt: 0 }, { type: 'queued' }, now)
    return { seq, id }
  }

  const submit = (job: NewJob, now: number): Submitted => {
    const keyed = job.idempotency && jobOfKey(job.caller, job.idempotency)
    if (keyed && !keyed.gaveUp) return { seq: keyed.seq, id: keyed.id, isReplayed: true }
    if (keyed) giveUpKey.run({ seq: keyed.seq })
    return { ...insert(job, now), isReplayed: false }
  }

  return {
    /**
     * Whether a caller's key is that of a job which is there.
     * @throws KeyReusedError when it belongs to another request
     */
    hasJob: (caller: string, key: IdempotencyKey): boolean => jobOfKey(caller, key)?.gaveUp === false,

    /**
     * Takes a job over: when this returns it is on the disk, and it will end exactly once.
     * @throws KeyReusedError when its key belongs to another request of the caller's
     */
    enqueue: (job: NewJob, now: number): Submitted => connection.write('full', () => submit(job, now)),

    /**
     * Takes all of them over, or none.
     * @throws KeyReusedError
     */
    enqueueAll: (all: readonly NewJob[], now: number): Submitted[] =>
      connection.write('full', () => all.map(job => submit(job, now))),

    /**
     * Ends a queued job; asks the worker to end a running one.
     * @param ttlMs how long the row of a job that ends here is kept
     */
    cancel: ({ seq }: JobRef, now: number, ttlMs: number): CancelResult =>
      connection.write('full', () => {
        const queued = cancelQueued.get({ seq, now, expiresAt: now + ttlMs })
        if (queued) {
          changes.record({ seq, ...queued }, { type: 'cancelled', ...queued }, now)
          return 'cancelled'
        }
        const running = requestCancelOfRunning.get({ seq, now })
        if (!running) return 'ended'
        changes.record({ seq, ...running }, { type: 'cancel_requested' }, now)
        return 'requested'
      }),

    /** The caller has the whole answer: its bytes may go at `expireAt`. A job that has not ended keeps them, and so does one that its caller may ask for again. */
    delivered: ({ seq }: JobRef, expireAt: number): void => {
      connection.write('normal', () => expireBytes.run({ seq, at: expireAt }))
    },
  }
}
