import { and, eq, isNotNull, sql } from './drizzle.ts'
import { v7 as uuidV7 } from 'uuid'
import type { Connection } from './connection.ts'
import type { LogWriter } from './log.ts'
import { type HeaderPairs, jobRequests, jobs } from './schema.ts'

export interface NewJob {
  /** Path and query. */
  readonly path: string
  readonly endpoint: string
  readonly model: string
  readonly modelName: string
  readonly loadOptions: string
  readonly groupKey: string
  readonly streams: boolean
  readonly headers: HeaderPairs
  readonly body: Buffer
}

/** What a process keeps in hand of a job of its own. */
export interface JobRef {
  readonly seq: number
  readonly id: string
}

/** `cancelled`: it had not begun. `requested`: it is running, and its worker will see. `ended`: too late. */
export type CancelResult = 'cancelled' | 'requested' | 'ended'

/** The verbs of those who hand work in. */
export const submissions = (connection: Connection, log: LogWriter) => {
  const { db } = connection
  const insertJob = db
    .insert(jobs)
    .values({
      id: sql.placeholder('id'),
      state: 'queued',
      path: sql.placeholder('path'),
      endpoint: sql.placeholder('endpoint'),
      model: sql.placeholder('model'),
      modelName: sql.placeholder('modelName'),
      loadOptions: sql.placeholder('loadOptions'),
      groupKey: sql.placeholder('groupKey'),
      streams: sql.placeholder('streams'),
      createdAt: sql.placeholder('now'),
    })
    .returning({ seq: jobs.seq })
    .prepare()
  const insertRequest = db
    .insert(jobRequests)
    .values({
      jobSeq: sql.placeholder('seq'),
      headers: sql.placeholder('headers'),
      body: sql.placeholder('body'),
    })
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
    .where(and(eq(jobs.seq, sql.placeholder('seq')), isNotNull(jobs.finishedAt)))
    .prepare()

  return {
    /** Takes a job over: when this returns it is on the disk, and it will end exactly once. */
    enqueue: (job: NewJob, now: number): JobRef =>
      connection.write('full', () => {
        const id = `job_${uuidV7({ msecs: now }).replaceAll('-', '')}`
        const { seq } = insertJob.get({ ...job, id, now })
        insertRequest.run({ seq, headers: job.headers, body: job.body })
        log.event(seq, 0, now, { type: 'queued' })
        return { seq, id }
      }),

    /**
     * Ends a queued job; asks the worker to end a running one.
     * @param ttlMs how long the row of a job that ends here is kept
     */
    cancel: ({ seq }: JobRef, now: number, ttlMs: number): CancelResult =>
      connection.write('full', () => {
        const queued = cancelQueued.get({ seq, now, expiresAt: now + ttlMs })
        if (queued) {
          log.event(seq, queued.attempt, now, { type: 'cancelled', attempt: queued.attempt })
          return 'cancelled'
        }
        const running = requestCancelOfRunning.get({ seq, now })
        if (!running) return 'ended'
        log.event(seq, running.attempt, now, { type: 'cancel_requested' })
        return 'requested'
      }),

    /** The caller has the whole answer: its bytes may go at `expireAt`. A job that has not ended keeps them. */
    delivered: ({ seq }: JobRef, expireAt: number): void => {
      connection.write('normal', () => expireBytes.run({ seq, at: expireAt }))
    },
  }
}
