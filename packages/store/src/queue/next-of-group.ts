import type { Connection } from '../connection.ts'
import { and, asc, eq, isNull, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'

export type NextOfGroup = ReturnType<typeof prepareNextOfGroup>

const isReady = and(eq(jobs.state, sql`'queued'`), isNull(jobs.availableAt), isNull(jobs.arrival))

/** Finds the most urgent ready job of a group; among equally urgent jobs, the oldest. */
export const prepareNextOfGroup = ({ db }: Connection) => {
  const select = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(isReady, eq(jobs.groupKey, sql.placeholder('groupKey'))))
    .orderBy(asc(jobs.priority), asc(jobs.seq))
    .limit(1)
    .prepare()

  return (groupKey: string): number | undefined => select.get({ groupKey })?.seq
}
