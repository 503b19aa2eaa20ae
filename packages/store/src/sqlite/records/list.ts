import type { JobFilter, JobRecord } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { desc } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { falling } from '../seq-steps.ts'
import { selectJobs } from './job-record.ts'
import { matches, prepareRange, SEQS_PER_STEP } from './matches.ts'

/** The most jobs that one step of a list reads. Each can have some tens of kilobytes of metadata. */
const JOBS_PER_STEP = 20

export const prepareList = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return ({ limit, ...conditions }: JobFilter): Iterable<readonly JobRecord[]> =>
    falling(
      rangeOf(conditions),
      { limit, numbers: SEQS_PER_STEP, rows: JOBS_PER_STEP },
      (range, most): JobRecord[] =>
        selectJobs(connection).where(matches(conditions, range)).orderBy(desc(jobs.seq)).limit(most).all(),
    )
}
