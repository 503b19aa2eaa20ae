import type { JobConditions, JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { asc } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { rising } from '../seq-steps.ts'
import { matches, prepareRange, SEQS_PER_STEP } from './matches.ts'

/** The most jobs that one step names. */
const REFS_PER_STEP = 500

export const prepareRefs = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return (conditions: JobConditions): Iterable<readonly JobRef[]> =>
    rising(rangeOf(conditions), { numbers: SEQS_PER_STEP, rows: REFS_PER_STEP }, (range, most): JobRef[] =>
      connection.db
        .select({ seq: jobs.seq, id: jobs.id })
        .from(jobs)
        .where(matches(conditions, range))
        .orderBy(asc(jobs.seq))
        .limit(most)
        .all(),
    )
}
