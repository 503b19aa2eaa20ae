import type { JobConditions, JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { asc, atMost, given } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { rising } from '../seq-steps.ts'
import { matches, seqsPerStep } from './matches.ts'
import { prepareRange } from './range.ts'

/** The most jobs that one step names. */
const REFS_PER_STEP = 500

export const prepareRefs = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return (conditions: JobConditions): Iterable<readonly JobRef[]> => {
    const select = connection.db
      .select({ seq: jobs.seq, id: jobs.id })
      .from(jobs)
      .where(matches(conditions))
      .orderBy(asc(jobs.seq))
      .limit(atMost(given('most')))
      .prepare()
    return rising(
      rangeOf(conditions),
      { numbers: seqsPerStep(conditions), rows: REFS_PER_STEP },
      (range, most): JobRef[] => select.all({ ...range, most }),
    )
  }
}
