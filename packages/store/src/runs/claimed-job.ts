import type { Connection } from '../connection.ts'
import { jobs } from '../schema.ts'
import { isClaimed, type Run } from './run.ts'

export type ClaimedJob = ReturnType<typeof prepareClaimedJob>

/** Reads the job of a run. Undefined when the run's claim no longer holds it. */
export const prepareClaimedJob = ({ db }: Connection) => {
  const select = db
    .select({ cancelRequestedAt: jobs.cancelRequestedAt })
    .from(jobs)
    .where(isClaimed)
    .prepare()

  return ({ seq, token }: Run): { cancelRequestedAt: number | null } | undefined => select.get({ seq, token })
}
