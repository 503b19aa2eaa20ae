import { DEADLINE_EXCEEDED } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, asc, eq, isNotNull, isNull, lte, sql } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobs } from '../schema.ts'
import { prepareFailQueued } from './fail-queued.ts'

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
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(hasDeadline, lte(jobs.deadlineAt, sql.placeholder('now'))))
    .limit(OVERDUE_PER_STEP)
    .prepare()
  const failQueued = prepareFailQueued(connection, changes)

  return (now: number, ttlMs: number): number | undefined => {
    const next = (): number | undefined => selectNextDeadline.get()?.deadlineAt ?? undefined
    const first = next()
    if (first === undefined || first > now) return first
    connection.write('full', () => {
      for (const { seq } of selectOverdue.all({ now })) failQueued(seq, DEADLINE_EXCEEDED, now, ttlMs)
    })
    return next()
  }
}
