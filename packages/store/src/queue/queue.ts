import { DEADLINE_EXCEEDED, type ChoiceReason } from '@foreman/jobs'
import { randomUUID } from 'node:crypto'
import type { Connection } from '../connection.ts'
import { and, asc, eq, isNotNull, isNull, lte, sql } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { type HeaderPairs, jobRequests, jobs, target } from '../schema.ts'

/** A job in the hands of the worker that claimed it. */
export interface Claim {
  readonly seq: number
  readonly id: string
  readonly token: string
  /** How often the job was claimed, this time included. */
  readonly attempt: number
  readonly failedAttempts: number
  /** The attempt that brought the target's best answer so far, if one did. */
  readonly answerAttempt: number | null
  readonly streaming: boolean
  readonly path: string
  readonly endpoint: string
  readonly model: string
  readonly modelName: string
  readonly loadOptions: string
  readonly groupKey: string
  /** Attempts that may fail; null: as many as any job's. */
  readonly maxAttempts: number | null
  /** When it is to have ended. */
  readonly deadlineAt: number | null
  readonly headers: HeaderPairs
  readonly body: Buffer
}

/** The jobs of one group and one priority that could start now. */
export interface WaitingLine {
  readonly groupKey: string
  /** 0 comes before 1. */
  readonly priority: number
  readonly oldestSeq: number
  readonly oldestCreatedAt: number
}

/** Jobs that miss their deadline in one step at the most. */
const OVERDUE_PER_STEP = 500

const isReady = and(eq(jobs.state, sql`'queued'`), isNull(jobs.availableAt))

/** The verbs of the worker that decides what runs next. */
export const queue = (connection: Connection, changes: Changes) => {
  const { db } = connection

  // A loose scan of the index `jobs_ready`: from the first job of a line to the first of the next, however many jobs
  // wait in each.
  const ready = `FROM jobs WHERE state = 'queued' AND available_at IS NULL`
  const selectLines = connection.sqlite.prepare(
    `WITH RECURSIVE lines(seq) AS (
         SELECT (SELECT seq ${ready} ORDER BY group_key, priority, seq LIMIT 1)
         UNION ALL
         SELECT coalesce(
           (SELECT seq ${ready} AND group_key = last.group_key AND priority > last.priority
            ORDER BY priority, seq LIMIT 1),
           (SELECT seq ${ready} AND group_key > last.group_key ORDER BY group_key, priority, seq LIMIT 1))
         FROM lines JOIN jobs AS last ON last.seq = lines.seq)
       SELECT jobs.group_key AS groupKey, jobs.priority AS priority, jobs.seq AS oldestSeq,
         jobs.created_at AS oldestCreatedAt
       FROM lines JOIN jobs ON jobs.seq = lines.seq`,
  )
  const selectGroupings = db
    .selectDistinct({ loadOptions: jobs.loadOptions, groupKey: jobs.groupKey })
    .from(jobs)
    .where(and(eq(jobs.state, sql`'queued'`), eq(jobs.modelName, sql.placeholder('modelName'))))
    .prepare()
  const moveToGroup = db
    .update(jobs)
    .set({ groupKey: sql`${sql.placeholder('right')}` })
    .where(
      and(
        eq(jobs.state, sql`'queued'`),
        eq(jobs.modelName, sql.placeholder('modelName')),
        eq(jobs.loadOptions, sql.placeholder('loadOptions')),
        eq(jobs.groupKey, sql.placeholder('groupKey')),
      ),
    )
    .prepare()
  const selectNext = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(isReady, eq(jobs.groupKey, sql.placeholder('groupKey'))))
    .orderBy(asc(jobs.priority), asc(jobs.seq))
    .limit(1)
    .prepare()
  const claim = db
    .update(jobs)
    .set({
      state: 'running',
      attempt: sql`${jobs.attempt} + 1`,
      claimToken: sql`${sql.placeholder('token')}`,
      startedAt: sql`${sql.placeholder('now')}`,
      tokens: null,
    })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'queued')))
    .returning()
    .prepare()
  const selectRequest = db
    .select()
    .from(jobRequests)
    .where(eq(jobRequests.jobSeq, sql.placeholder('seq')))
    .prepare()
  const setTurn = db
    .update(target)
    .set({
      turnGroupKey: sql`${sql.placeholder('groupKey')}`,
      turnStartedAt: sql`${sql.placeholder('startedAt')}`,
    })
    .prepare()
  const selectTurn = db
    .select({ groupKey: target.turnGroupKey, startedAt: target.turnStartedAt })
    .from(target)
    .prepare()
  const promote = db
    .update(jobs)
    .set({ availableAt: null })
    .where(
      and(
        eq(jobs.state, sql`'queued'`),
        isNotNull(jobs.availableAt),
        sql`NOT (${jobs.availableAt} > ${sql.placeholder('now')} AND ${jobs.availableAt} <= ${sql.placeholder('horizon')})`,
      ),
    )
    .prepare()
  const selectNextDue = db
    .select({ availableAt: jobs.availableAt })
    .from(jobs)
    .where(and(eq(jobs.state, sql`'queued'`), isNotNull(jobs.availableAt)))
    .orderBy(asc(jobs.availableAt))
    .limit(1)
    .prepare()
  const hasDeadline = and(eq(jobs.state, sql`'queued'`), isNotNull(jobs.deadlineAt))
  const selectOverdue = db
    .select({ seq: jobs.seq, attempt: jobs.attempt })
    .from(jobs)
    .where(and(hasDeadline, lte(jobs.deadlineAt, sql.placeholder('now'))))
    .limit(OVERDUE_PER_STEP)
    .prepare()
  const selectNextDeadline = db
    .select({ deadlineAt: jobs.deadlineAt })
    .from(jobs)
    .where(hasDeadline)
    .orderBy(asc(jobs.deadlineAt))
    .limit(1)
    .prepare()
  const failQueued = db
    .update(jobs)
    .set({
      state: 'failed',
      finishedAt: sql`${sql.placeholder('now')}`,
      expiresAt: sql`${sql.placeholder('expiresAt')}`,
      availableAt: null,
      answerAttempt: null,
      errorCode: DEADLINE_EXCEEDED.errorCode,
      errorMessage: DEADLINE_EXCEEDED.errorMessage,
    })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'queued')))
    .prepare()

  return {
    /** What could start now, in no order. Its cost does not depend on how many jobs wait. */
    waitingLines: (): WaitingLine[] => selectLines.all() as WaitingLine[],

    /**
     * Puts queued jobs of a model into other groups, because more is known of it now.
     * @param groupKeyOf of the jobs with these load options
     * @returns whether any job changed its group
     */
    regroup: (modelName: string, groupKeyOf: (loadOptions: string) => string): boolean => {
      const misplaced = selectGroupings.all({ modelName }).flatMap(({ loadOptions, groupKey }) => {
        const right = groupKeyOf(loadOptions)
        return right === groupKey ? [] : [{ modelName, loadOptions, groupKey, right }]
      })
      if (misplaced.length > 0)
        connection.write('normal', () => misplaced.forEach(each => moveToGroup.run(each)))
      return misplaced.length > 0
    },

    /** Whether a job of this group is ready. */
    isWaiting: (groupKey: string): boolean => selectNext.get({ groupKey }) !== undefined,

    /** Claims the most urgent of a group's ready jobs, of these the oldest, and records whose turn it is. */
    claimNext: (
      groupKey: string,
      reason: ChoiceReason,
      turnStartedAt: number,
      now: number,
    ): Claim | undefined =>
      connection.write('normal', () => {
        const next = selectNext.get({ groupKey })
        if (!next) return undefined
        const token = randomUUID()
        const job = claim.get({ seq: next.seq, token, now })
        const request = selectRequest.get({ seq: next.seq })
        if (!job || !request) throw new Error(`job ${next.seq} has no request`)
        setTurn.run({ groupKey, startedAt: turnStartedAt })
        if (job.attempt > 1) changes.record(job, { type: 'reset', attempt: job.attempt }, now)
        changes.record(job, { type: 'started', attempt: job.attempt, reason }, now)
        return { ...job, token, headers: request.headers, body: request.body }
      }),

    /** Whose turn it was last, as `claimNext` recorded it. */
    turn: (): { groupKey: string; startedAt: number } | undefined => {
      const row = selectTurn.get()
      if (!row || row.groupKey === null || row.startedAt === null) return undefined
      return { groupKey: row.groupKey, startedAt: row.startedAt }
    },

    /**
     * Makes delayed jobs ready whose time has come.
     * @param maxDelayMs no delay is longer: one that lies further ahead was written by a clock that has since been set back
     * @returns when the next one is due
     */
    promoteDue: (now: number, maxDelayMs: number): number | undefined => {
      const due = selectNextDue.get()
      if (due?.availableAt == null) return undefined
      if (due.availableAt > now && due.availableAt <= now + maxDelayMs) return due.availableAt
      connection.write('normal', () => promote.run({ now, horizon: now + maxDelayMs }))
      return selectNextDue.get()?.availableAt ?? undefined
    },

    /**
     * Fails queued jobs that have missed their deadline, a step's worth.
     * @param ttlMs how long their rows are kept
     * @returns the next deadline, past when there are more to fail
     */
    failOverdue: (now: number, ttlMs: number): number | undefined => {
      const next = () => selectNextDeadline.get()?.deadlineAt ?? undefined
      const first = next()
      if (first === undefined || first > now) return first
      connection.write('full', () => {
        for (const { seq, attempt } of selectOverdue.all({ now })) {
          failQueued.run({ seq, now, expiresAt: now + ttlMs })
          changes.record(
            { seq, attempt },
            { type: 'failed', attempt, code: DEADLINE_EXCEEDED.errorCode },
            now,
          )
        }
      })
      return next()
    },
  }
}
