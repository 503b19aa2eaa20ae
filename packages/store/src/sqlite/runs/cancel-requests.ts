import type { Connection } from '../connection.ts'
import { and, isNotNull } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'

export const prepareCancelRequests = ({ db }: Connection) => {
  const select = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(inState('running'), isNotNull(jobs.cancelRequestedAt)))
    .prepare()

  return (): number[] => select.all().map(({ seq }) => seq)
}
