import { isEndState, type JobState, type WebhookEvent } from '@foreman/jobs'
import type { Connection } from './connection.ts'
import { and, asc, desc, eq, getTableColumns, gt, gte, isNotNull, lt, type SQL, sql } from './drizzle.ts'
import { type LoggedChange, readChange, readHead, type ResponseHead } from './log/log-rows.ts'
import { type HeaderPairs, jobDetails, jobLog, jobRequests, jobs } from './schema.ts'

/** All that is known of a job but for its request and its log. Times in ms since the epoch. */
export type JobRecord = Omit<typeof jobs.$inferSelect, 'claimToken' | 'requestHash'> & {
  readonly metadata: Record<string, unknown> | null
}

/** Which jobs, newest first. */
export interface JobFilter {
  readonly caller?: string | undefined
  readonly state?: JobState | undefined
  /** Canonical, or as written where it has no canonical form. */
  readonly modelName?: string | undefined
  /** Not handed in before this time. */
  readonly since?: number | undefined
  /** Only those that came before this place. */
  readonly before?: number | undefined
  readonly limit: number
}

/** A request as it was handed in, and the webhook that came with it. */
export interface StoredRequest {
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly webhook?: { readonly url: string; readonly events: readonly WebhookEvent[] }
}

/** One entry of a job's log. Ids rise, and an entry never changes. */
export type LogEntry = { readonly id: number; readonly attempt: number } & (
  | { readonly kind: 'head'; readonly head: ResponseHead }
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'event'; readonly event: LoggedChange }
)

export type Records = ReturnType<typeof records>

/** Entries of 64 kB at most: what one read can bring into memory. */
const ENTRIES_PER_READ = 32

/** The verbs of those who look at jobs. */
export const records = (connection: Connection) => {
  const { db } = connection
  const { claimToken: _claimToken, requestHash: _requestHash, ...columns } = getTableColumns(jobs)
  const selectJobs = () =>
    db
      .select({ ...columns, metadata: jobDetails.metadata })
      .from(jobs)
      .leftJoin(jobDetails, eq(jobDetails.jobSeq, jobs.seq))
  const selectBySeq = selectJobs()
    .where(eq(jobs.seq, sql.placeholder('seq')))
    .prepare()
  const selectById = selectJobs()
    .where(eq(jobs.id, sql.placeholder('id')))
    .prepare()
  const selectFirstSince = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(gte(jobs.id, sql.placeholder('id')))
    .orderBy(asc(jobs.id))
    .limit(1)
    .prepare()
  const countAhead = connection.sqlite
    .prepare(`SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND seq < ? LIMIT ?)`)
    .pluck()
  const countQueued = connection.sqlite.prepare(`SELECT count(*) FROM jobs WHERE state = 'queued'`).pluck()
  const countEnded = connection.sqlite
    .prepare('SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL')
    .pluck()
  const selectRequest = db
    .select({
      headers: jobRequests.headers,
      body: jobRequests.body,
      url: jobDetails.webhookUrl,
      events: jobDetails.webhookEvents,
    })
    .from(jobRequests)
    .leftJoin(jobDetails, eq(jobDetails.jobSeq, jobRequests.jobSeq))
    .where(eq(jobRequests.jobSeq, sql.placeholder('seq')))
    .prepare()
  const selectLog = db
    .select()
    .from(jobLog)
    .where(and(eq(jobLog.jobSeq, sql.placeholder('seq')), gt(jobLog.id, sql.placeholder('after'))))
    .orderBy(asc(jobLog.id))
    .limit(ENTRIES_PER_READ)
    .prepare()

  return {
    bySeq: (seq: number): JobRecord | undefined => selectBySeq.get({ seq }),

    byId: (id: string): JobRecord | undefined => selectById.get({ id }),

    list: ({ caller, state, modelName, since, before, limit }: JobFilter): JobRecord[] => {
      // Ids begin with their time, so that what is older need not be looked at.
      const first = since === undefined ? undefined : selectFirstSince.get({ id: idOfTime(since) })
      if (since !== undefined && !first) return []
      return selectJobs()
        .where(
          and(
            caller === undefined ? undefined : eq(jobs.caller, caller),
            state && inState(state),
            modelName === undefined ? undefined : eq(jobs.modelName, modelName),
            since === undefined ? undefined : gte(jobs.createdAt, since),
            first && gte(jobs.seq, first.seq),
            before === undefined ? undefined : lt(jobs.seq, before),
          ),
        )
        .orderBy(desc(jobs.seq))
        .limit(limit)
        .all()
    },

    /** Queued jobs that came before this one, counted to `most`. */
    position: (seq: number, most: number): number => countAhead.get(seq, most) as number,

    /** How many jobs wait. Counts them: about 10 ms for a million. */
    queued: (): number => countQueued.get() as number,

    /** How many jobs have ended and are kept. Counts them. */
    ended: (): number => countEnded.get() as number,

    /** Undefined when it is no longer kept. */
    request: (seq: number): StoredRequest | undefined => {
      const row = selectRequest.get({ seq })
      if (!row) return undefined
      const { headers, body, url, events } = row
      return url === null ? { headers, body } : { headers, body, webhook: { url, events: events ?? [] } }
    },

    /** The next entries of a job's log after `after`. */
    log: (seq: number, after: number): LogEntry[] =>
      selectLog.all({ seq, after }).map((row): LogEntry => {
        const { id, attempt, kind } = row
        if (kind === 'body') return { id, attempt, kind, bytes: row.bytes }
        return kind === 'head'
          ? { id, attempt, kind, head: readHead(row) }
          : { id, attempt, kind, event: readChange(row) }
      }),
  }
}

/** As the partial indexes have it. */
const inState = (state: JobState): SQL | undefined =>
  isEndState(state)
    ? and(isNotNull(jobs.finishedAt), eq(jobs.state, state))
    : eq(jobs.state, sql.raw(`'${state}'`))

/** The least id of a job that was handed in at this time (UUID version 7). */
const idOfTime = (ms: number): string => `job_${Math.max(0, ms).toString(16).padStart(12, '0')}`
