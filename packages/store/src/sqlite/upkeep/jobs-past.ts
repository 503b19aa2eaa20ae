import type { Connection } from '../connection.ts'
import { and, atMost, type Column, given, isNotNull, lte } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { reads } from '../verbs.ts'
import { ROWS_PER_STEP } from './delete-rows.ts'

/** Finds jobs whose time in this column has come, at most ROWS_PER_STEP of them. */
export const jobsPast = ({ db }: Connection, column: Column): ((now: number) => Promise<number[]>) => {
  // The first condition is that of the partial index on the column.
  const select = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(isNotNull(column), lte(column, given('now'))))
    .limit(atMost(ROWS_PER_STEP))
    .prepare()

  return reads((now: number) => select.all({ now }).map(({ seq }) => seq))
}
