import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { and, asc, eq, isNotNull, isNull, sql } from './drizzle.ts'
import type { ChoiceReason, LogWriter } from './log.ts'
import { type HeaderPairs, jobRequests, jobs, target } from './schema.ts'

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
  readonly streams: boolean
  readonly path: string
  readonly endpoint: string
  readonly model: string
  readonly modelName: string
  readonly loadOptions: string
  readonly groupKey: string
  readonly headers: HeaderPairs
  readonly body: Buffer
}

/** A group of jobs that could start now. */
export interface WaitingGroup {
  readonly groupKey: string
  readonly oldestSeq: number
  readonly oldestCreatedAt: number
}

const isReady = and(eq(jobs.state, sql`'queued'`), isNull(jobs.availableAt))

/** The verbs of the worker that decides what runs next. */
export const queue = (connection: Connection, log: LogWriter) => {
  const { db } = connection

  // A loose scan of the index `jobs_ready`: two look-ups a group, however many jobs wait in each.
  const selectGroups = connection.sqlite.prepare(
    `WITH RECURSIVE groups(key) AS (
         SELECT min(group_key) FROM jobs WHERE state = 'queued' AND available_at IS NULL
         UNION ALL
         SELECT (SELECT min(group_key) FROM jobs
                 WHERE state = 'queued' AND available_at IS NULL AND group_key > groups.key)
         FROM groups WHERE groups.key IS NOT NULL)
       SELECT jobs.group_key AS groupKey, jobs.seq AS oldestSeq, jobs.created_at AS oldestCreatedAt
       FROM groups JOIN jobs ON jobs.seq = (
         SELECT min(seq) FROM jobs WHERE state = 'queued' AND available_at IS NULL AND group_key = groups.key)`,
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
    .orderBy(asc(jobs.seq))
    .limit(1)
    .prepare()
  const claim = db
    .update(jobs)
    .set({
      state: 'running',
      attempt: sql`${jobs.attempt} + 1`,
      claimToken: sql`${sql.placeholder('token')}`,
      startedAt: sql`${sql.placeholder('now')}`,
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
  return {
    /** The groups that have a job ready, in no order. Its cost does not depend on how many jobs wait. */
    waitingGroups: (): WaitingGroup[] => selectGroups.all() as WaitingGroup[],

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

    /** Claims the oldest ready job of a group and records whose turn it is. */
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
        log.event(job.seq, job.attempt, now, { type: 'started', attempt: job.attempt, reason })
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
  }
}
