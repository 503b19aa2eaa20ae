import type { JobFilter, JobRecord } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { desc } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { selectJobs } from './job-record.ts'
import { matches, prepareRange, SEQS_PER_STEP } from './matches.ts'

/** The most jobs that one step of a list reads. Each can have some tens of kilobytes of metadata. */
const JOBS_PER_STEP = 20

export const prepareList = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return function* ({ limit, ...conditions }: JobFilter): Generator<readonly JobRecord[], void> {
    const range = rangeOf(conditions)
    let { end } = range
    let left = limit
    while (end > range.first && left > 0) {
      const from = Math.max(range.first, end - SEQS_PER_STEP)
      const most = Math.min(left, JOBS_PER_STEP)
      const found = selectJobs(connection)
        .where(matches(conditions, from, end))
        .orderBy(desc(jobs.seq))
        .limit(most)
        .all()
      yield found
      left -= found.length
      end = found.length === most ? (found.at(-1)?.seq ?? from) : from
    }
  }
}
