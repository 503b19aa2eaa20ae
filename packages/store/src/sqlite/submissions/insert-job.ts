import { priorities } from '@foreman/jobs'
import type { JobRef, NewJob } from '../../values.ts'
import type { Founding } from '../batches/founding.ts'
import type { Connection } from '../connection.ts'
import { eq, given, sql } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobDetails, webhookDeliveries } from '../schema.ts'
import type { KeptPlace } from './take-place.ts'

/** The last moment that JavaScript knows: nobody hears of a job before its arrival is accepted. */
const WITHHELD_UNTIL = 8_640_000_000_000_000

/** A claim writes two tokens, a time and a reason. An end writes times and figures, and removes a token. */
const ROOM_BYTES = 80

/** Where a job is inserted, besides what its caller says. */
interface Place {
  readonly groupKey: string
  readonly now: number
  readonly arrival: number | undefined
  /** The batch of which it is a part, by its `seq`. */
  readonly batch: number | undefined
  /** The place that it takes over from an earlier request. */
  readonly kept: KeptPlace | undefined
}

/** Inserts a job, its request and its details, unless its id is there already. The caller opens the transaction. */
export const prepareInsertJob = ({ sqlite, db }: Connection, changes: Changes, founding: Founding) => {
  // Written without Drizzle for speed: other writers wait while a batch inserts its jobs, a hundred in one transaction.
  const insertJob = sqlite.prepare(
    `INSERT INTO jobs (id, state, path, endpoint, model, model_name, load_options, group_key, streams, created_at,
       caller, priority, max_attempts, deadline_at, idempotency_key, request_hash, retry_of, arrival, gateway, account, sender,
       kept_place, kept_created_at, batch, room)
     VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, zeroblob(${ROOM_BYTES}))
     ON CONFLICT (id) DO NOTHING`,
  )
  const selectSeq = sqlite.prepare('SELECT seq FROM jobs WHERE id = +?').pluck()
  const insertRequest = sqlite.prepare(
    'INSERT INTO job_requests (job_seq, headers, body, parts) VALUES (?, ?, ?, ?)',
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
  const withholdMessages = db
    .update(webhookDeliveries)
    .set({ nextAttemptAt: WITHHELD_UNTIL })
    .where(eq(webhookDeliveries.jobSeq, given('seq')))
    .prepare()

  return (job: NewJob, { groupKey, now, arrival, batch, kept }: Place): JobRef => {
    const { id, metadata, webhook, idempotency } = job
    const { changes: inserted, lastInsertRowid } = insertJob.run(
      id,
      job.path,
      job.endpoint,
      job.model,
      job.modelName,
      job.loadOptions,
      groupKey,
      job.streaming ? 1 : 0,
      now,
      job.caller,
      priorities.indexOf(job.priority),
      job.maxAttempts ?? null,
      job.deadlineAt ?? null,
      idempotency?.key ?? null,
      idempotency?.hash ?? job.requestHash ?? null,
      job.retryOf ?? null,
      arrival ?? null,
      job.gateway ?? null,
      job.account ?? '',
      job.sender ?? '',
      kept?.place ?? null,
      kept?.createdAt ?? null,
      batch ?? null,
    )
    if (inserted === 0) return { seq: selectSeq.get(id) as number, id }
    const seq = Number(lastInsertRowid)
    if (batch !== undefined && job.line) founding.addJob(batch, job.line, seq)
    insertRequest.run(seq, JSON.stringify(job.headers), job.body, job.parts ?? 0)
    if (metadata ?? webhook) {
      insertDetails.run({
        seq,
        metadata: metadata ?? null,
        webhookUrl: webhook?.url ?? null,
        webhookEvents: webhook?.events ?? null,
      })
    }
    const record = webhook ? changes.record : changes.recordUnannounced
    record({ seq, attempt: 0 }, { type: 'queued', ...(kept && { arrivedAt: kept.createdAt }) }, now)
    if (arrival !== undefined && webhook) withholdMessages.run({ seq })
    return { seq, id }
  }
}
