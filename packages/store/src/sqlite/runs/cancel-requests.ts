import type { Connection } from '../connection.ts'
import { and, eq, isNotNull, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'

export const prepareCancelRequests = ({ db }: Connection) => {
  const select = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(eq(jobs.state, sql`'running'`), isNotNull(jobs.cancelRequestedAt)))
    .prepare()

  return (): number[] => select.all().map(({ seq }) => seq)
}
