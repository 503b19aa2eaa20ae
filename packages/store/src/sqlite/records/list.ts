import type { JobFilter, JobRecord } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { atMost, desc, given } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { falling } from '../seq-steps.ts'
import { selectJobs } from './job-record.ts'
import { matches, seqsPerStep } from './matches.ts'
import { prepareRange } from './range.ts'

/** The most jobs that one step of a list reads. Each can have some tens of kilobytes of metadata. */
const JOBS_PER_STEP = 20

export const prepareList = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return ({ limit, ...conditions }: JobFilter): Iterable<readonly JobRecord[]> => {
    const select = selectJobs(connection)
      .where(matches(conditions))
      .orderBy(desc(jobs.seq))
      .limit(atMost(given('most')))
      .prepare()
    return falling(
      rangeOf(conditions),
      { limit, numbers: seqsPerStep(conditions), rows: JOBS_PER_STEP },
      (range, most): JobRecord[] => select.all({ ...range, most }),
    )
  }
}
