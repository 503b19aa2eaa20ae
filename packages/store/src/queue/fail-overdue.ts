import { DEADLINE_EXCEEDED } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, asc, eq, isNotNull, isNull, lte, sql, value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobs } from '../schema.ts'

/** The most jobs that one step fails. */
const OVERDUE_PER_STEP = 500

export const prepareFailOverdue = (connection: Connection, changes: Changes) => {
  const { db } = connection
  const hasDeadline = and(eq(jobs.state, sql`'queued'`), isNotNull(jobs.deadlineAt), isNull(jobs.arrival))
  const selectNextDeadline = db
    .select({ deadlineAt: jobs.deadlineAt })
    .from(jobs)
    .where(hasDeadline)
    .orderBy(asc(jobs.deadlineAt))
    .limit(1)
    .prepare()
  const selectOverdue = db
    .select({ seq: jobs.seq, attempt: jobs.attempt })
    .from(jobs)
    .where(and(hasDeadline, lte(jobs.deadlineAt, sql.placeholder('now'))))
    .limit(OVERDUE_PER_STEP)
    .prepare()
  const failQueued = db
    .update(jobs)
    .set({
      ...DEADLINE_EXCEEDED,
      state: 'failed',
      finishedAt: value('now'),
      expiresAt: value('expiresAt'),
      availableAt: null,
      answerAttempt: null,
    })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'queued')))
    .prepare()

  return (now: number, ttlMs: number): number | undefined => {
    const next = (): number | undefined => selectNextDeadline.get()?.deadlineAt ?? undefined
    const first = next()
    if (first === undefined || first > now) return first
    connection.write('full', () => {
      for (const { seq, attempt } of selectOverdue.all({ now })) {
        failQueued.run({ seq, now, expiresAt: now + ttlMs })
        const code = DEADLINE_EXCEEDED.errorCode
        changes.record({ seq, attempt }, { type: 'failed', attempt, code }, now)
      }
    })
    return next()
  }
}
