import type { Connection } from '../connection.ts'
import { and, asc, eq, isNotNull, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { dueNow, hasCome, presentValues } from '../stored-time.ts'

export const preparePromoteDue = (connection: Connection) => {
  const { db } = connection
  const isDelayed = and(eq(jobs.state, sql`'queued'`), isNotNull(jobs.availableAt))
  const selectNextDue = db
    .select({ availableAt: jobs.availableAt })
    .from(jobs)
    .where(isDelayed)
    .orderBy(asc(jobs.availableAt))
    .limit(1)
    .prepare()
  const promote = db
    .update(jobs)
    .set({ availableAt: null })
    .where(and(isDelayed, dueNow(jobs.availableAt)))
    .prepare()

  return (now: number, maxDelayMs: number): number | undefined => {
    const due = selectNextDue.get()
    if (due?.availableAt == null) return undefined
    const present = { now, horizonMs: maxDelayMs }
    if (!hasCome(due.availableAt, present)) return due.availableAt
    connection.write('normal', () => promote.run(presentValues(present)))
    return selectNextDue.get()?.availableAt ?? undefined
  }
}
