import type { Connection } from '../connection.ts'
import { and, asc, eq, isNull, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'

/** The job of a group that is to be claimed next. */
export interface NextJob {
  readonly seq: number
  /** Whether it may run only while no other job runs. */
  readonly runsAlone: boolean
}

export type NextOfGroup = ReturnType<typeof prepareNextOfGroup>

const columns = { seq: jobs.seq, runsAlone: jobs.runsAlone }
const isReadyInGroup = and(
  eq(jobs.state, sql`'queued'`),
  isNull(jobs.availableAt),
  isNull(jobs.arrival),
  eq(jobs.groupKey, sql.placeholder('groupKey')),
)

/**
 * Finds the most urgent ready job of a group; among equally urgent jobs, the oldest. The job `awaited` comes before them
 * if it is ready and of this group.
 */
export const prepareNextOfGroup = ({ db }: Connection) => {
  const selectFirst = db
    .select(columns)
    .from(jobs)
    .where(isReadyInGroup)
    .orderBy(asc(jobs.priority), asc(jobs.seq))
    .limit(1)
    .prepare()
  const selectAwaited = db
    .select(columns)
    .from(jobs)
    .where(and(eq(jobs.seq, sql.placeholder('seq')), isReadyInGroup))
    .prepare()

  return (groupKey: string, awaited?: number): NextJob | undefined =>
    (awaited === undefined ? undefined : selectAwaited.get({ groupKey, seq: awaited })) ??
    selectFirst.get({ groupKey })
}
