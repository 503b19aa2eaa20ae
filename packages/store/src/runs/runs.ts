import { MAX_LOSSES, type EndState, type JobChange } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, eq, exists, isNotNull, sql } from '../drizzle.ts'
import { JobLostError } from '../errors.ts'
import type { Changes } from '../log/changes.ts'
import type { ResponseHead } from '../log/log-rows.ts'
import type { JobAttempt, LogWriter } from '../log/log-writer.ts'
import type { Claim } from '../queue/queue.ts'
import { jobLog, jobs } from '../schema.ts'

/** An answer that was held back until it was known whether it is the last word. */
export interface ProvisionalAnswer {
  readonly head: ResponseHead
  readonly body: Buffer
}

export interface Finish {
  readonly state: EndState
  /** The attempt whose output is the answer; null: there is none. */
  readonly answerAttempt: number | null
  readonly statusCode?: number
  readonly errorCode?: string
  readonly errorMessage?: string
  readonly provisional?: ProvisionalAnswer
  /** As the answer itself counts them. */
  readonly usage?: { readonly promptTokens?: number; readonly completionTokens?: number }
}

export interface Release {
  /** Why it did not end. */
  readonly code: string
  /** Not again before. */
  readonly availableAt?: number
  /** Whether this attempt counts against the limit. */
  readonly spent: boolean
  readonly provisional?: ProvisionalAnswer
}

/** What became of the jobs that a dead worker had left running. */
export interface Recovery {
  readonly requeued: number
  readonly failed: number
  readonly cancelled: number
}

const isClaimed = and(
  eq(jobs.seq, sql.placeholder('seq')),
  eq(jobs.claimToken, sql.placeholder('token')),
  eq(jobs.state, 'running'),
)
const leaving = { claimToken: null, cancelRequestedAt: null } as const

/** The verbs of the worker for what it runs. Every one that writes for a run carries the token of its claim. */
export const runs = (connection: Connection, log: LogWriter, changes: Changes) => {
  const { db } = connection

  const selectClaimed = db
    .select({ cancelRequestedAt: jobs.cancelRequestedAt })
    .from(jobs)
    .where(isClaimed)
    .prepare()
  const setTokens = db
    .update(jobs)
    .set({ tokens: sql`${sql.placeholder('tokens')}` })
    .where(isClaimed)
    .prepare()
  const selectCancelled = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(eq(jobs.state, sql`'running'`), isNotNull(jobs.cancelRequestedAt)))
    .prepare()
  const release = db
    .update(jobs)
    .set({
      ...leaving,
      state: 'queued',
      availableAt: sql`${sql.placeholder('availableAt')}`,
      failedAttempts: sql`${jobs.failedAttempts} + ${sql.placeholder('spent')}`,
      answerAttempt: sql`coalesce(${sql.placeholder('answerAttempt')}, ${jobs.answerAttempt})`,
    })
    .where(isClaimed)
    .prepare()
  const finish = db
    .update(jobs)
    .set({
      ...leaving,
      state: sql`${sql.placeholder('state')}`,
      answerAttempt: sql`${sql.placeholder('answerAttempt')}`,
      statusCode: sql`${sql.placeholder('statusCode')}`,
      errorCode: sql`${sql.placeholder('errorCode')}`,
      errorMessage: sql`${sql.placeholder('errorMessage')}`,
      promptTokens: sql`${sql.placeholder('promptTokens')}`,
      completionTokens: sql`${sql.placeholder('completionTokens')}`,
      finishedAt: sql`${sql.placeholder('now')}`,
      expiresAt: sql`${sql.placeholder('expiresAt')}`,
    })
    .where(isClaimed)
    .prepare()
  const selectLost = db
    .select({
      seq: jobs.seq,
      token: jobs.claimToken,
      attempt: jobs.attempt,
      lostCount: jobs.lostCount,
      answerAttempt: jobs.answerAttempt,
      cancelRequestedAt: jobs.cancelRequestedAt,
      streaming: jobs.streaming,
      hasOutput: exists(
        db
          .select({ one: sql`1` })
          .from(jobLog)
          .where(and(eq(jobLog.jobSeq, jobs.seq), eq(jobLog.attempt, jobs.attempt), eq(jobLog.kind, 'body'))),
      ),
    })
    .from(jobs)
    .where(eq(jobs.state, sql`'running'`))
    .prepare()
  const countLoss = db
    .update(jobs)
    .set({ lostCount: sql`${jobs.lostCount} + 1` })
    .where(eq(jobs.seq, sql.placeholder('seq')))
    .prepare()

  const mustHit = (seq: number, result: { changes: number }): void => {
    if (result.changes === 0) throw new JobLostError(`the run of job ${seq} has lost its claim`)
  }

  const logProvisional = (run: JobAttempt, provisional: ProvisionalAnswer | undefined): void => {
    if (!provisional) return
    log.head(run, provisional.head)
    log.body(run, provisional.body)
  }

  type Run = Pick<Claim, 'seq' | 'token' | 'attempt'>

  const finishInTransaction = (run: Run, end: Finish, now: number, ttlMs: number): void => {
    const changed = finish.run({
      seq: run.seq,
      token: run.token,
      state: end.state,
      answerAttempt: end.answerAttempt,
      statusCode: end.statusCode ?? null,
      errorCode: end.errorCode ?? null,
      errorMessage: end.errorMessage ?? null,
      promptTokens: end.usage?.promptTokens ?? null,
      completionTokens: end.usage?.completionTokens ?? null,
      now,
      expiresAt: now + ttlMs,
    })
    mustHit(run.seq, changed)
    logProvisional(run, end.provisional)
    const event: JobChange = { type: end.state, attempt: run.attempt }
    changes.record(run, end.errorCode ? { ...event, code: end.errorCode } : event, now)
  }

  const releaseInTransaction = (run: Run, back: Release, event: JobChange, now: number): void => {
    const changed = release.run({
      seq: run.seq,
      token: run.token,
      availableAt: back.availableAt ?? null,
      spent: back.spent ? 1 : 0,
      answerAttempt: back.provisional ? run.attempt : null,
    })
    mustHit(run.seq, changed)
    logProvisional(run, back.provisional)
    changes.record(run, event, now)
  }

  return {
    /**
     * Adds what the target sent, as it was sent. Survives a killed process, not a power cut: the finish does both.
     * @throws JobLostError
     */
    append: (run: Run, output: { head?: ResponseHead; body?: Uint8Array | readonly Uint8Array[] }): void => {
      connection.write('normal', () => {
        if (!selectClaimed.get({ seq: run.seq, token: run.token })) mustHit(run.seq, { changes: 0 })
        if (output.head) log.head(run, output.head)
        for (const piece of [output.body ?? []].flat()) log.body(run, piece)
      })
    },

    /**
     * Says how far the run has come.
     * @throws JobLostError
     */
    progress: (run: Run, tokens: number, now: number): void => {
      connection.write('normal', () => {
        mustHit(run.seq, setTokens.run({ seq: run.seq, token: run.token, tokens }))
        changes.record(run, { type: 'progress', attempt: run.attempt, tokens }, now)
      })
    },

    /**
     * Ends the job: its last transition, its answer and its terminal event in one durable transaction.
     * @param ttlMs how long the row is kept
     * @throws JobLostError
     */
    finish: (run: Run, end: Finish, now: number, ttlMs: number): void => {
      connection.write('full', () => finishInTransaction(run, end, now, ttlMs))
    },

    /**
     * Gives the job back to the queue, in its old place. If its caller has left meanwhile, it ends instead: the wish
     * must not get lost with the run.
     * @param ttlMs how long the row is kept if it ends here
     * @throws JobLostError
     */
    release: (run: Run, back: Release, now: number, ttlMs: number): 'queued' | 'cancelled' =>
      connection.write('full', () => {
        if (typeof selectClaimed.get({ seq: run.seq, token: run.token })?.cancelRequestedAt === 'number') {
          finishInTransaction(run, cancelled, now, ttlMs)
          return 'cancelled'
        }
        const { code, availableAt } = back
        const event: JobChange = { type: 'released', attempt: run.attempt, code }
        releaseInTransaction(run, back, availableAt === undefined ? event : { ...event, availableAt }, now)
        return 'queued'
      }),

    /** The running jobs that somebody asked to cancel. */
    cancelRequests: (): number[] => selectCancelled.all().map(({ seq }) => seq),

    /**
     * For the worker that has just taken the lock: whoever ran what is marked running is dead.
     * A job goes back to its place, unless its caller already has bytes, or left, or it was lost too often.
     */
    requeueLost: (now: number, ttlMs: number): Recovery =>
      connection.write('full', () => {
        const count = { requeued: 0, failed: 0, cancelled: 0 }
        for (const job of selectLost.all()) {
          const run = { seq: job.seq, token: job.token ?? '', attempt: job.attempt }
          countLoss.run({ seq: job.seq })
          changes.record(job, { type: 'lost', attempt: job.attempt }, now)
          const verdict = afterLoss(job)
          if (verdict === undefined) {
            releaseInTransaction(
              run,
              { code: 'worker_lost', spent: false },
              { type: 'released', attempt: job.attempt, code: 'worker_lost' },
              now,
            )
            count.requeued++
          } else {
            finishInTransaction(run, verdict, now, ttlMs)
            if (verdict.state === 'cancelled') count.cancelled++
            else count.failed++
          }
        }
        return count
      }),
  }
}

interface LostJob {
  readonly attempt: number
  readonly lostCount: number
  readonly answerAttempt: number | null
  readonly cancelRequestedAt: number | null
  readonly streaming: boolean
  readonly hasOutput: unknown
}

const cancelled: Finish = { state: 'cancelled', answerAttempt: null, errorCode: 'cancelled' }

/** How a job ends that was lost with its worker; undefined: it does not, it runs again. */
const afterLoss = (job: LostJob): Finish | undefined => {
  if (job.cancelRequestedAt !== null) return cancelled
  if (job.streaming && Number(job.hasOutput) === 1) {
    return {
      state: 'failed',
      answerAttempt: job.attempt,
      errorCode: 'worker_lost',
      errorMessage: 'the worker was lost while it streamed the answer',
    }
  }
  if (job.lostCount + 1 < MAX_LOSSES) return undefined
  return {
    state: 'failed',
    answerAttempt: job.answerAttempt,
    errorCode: 'worker_lost',
    errorMessage: `the worker was lost ${MAX_LOSSES} times while it ran this`,
  }
}
