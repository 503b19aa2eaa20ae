import type { JobConditions, JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { asc } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { matches, prepareRange, SEQS_PER_STEP } from './matches.ts'

/** The most jobs that one step names. */
const REFS_PER_STEP = 500

export const prepareRefs = (connection: Connection) => {
  const rangeOf = prepareRange(connection)

  return function* (conditions: JobConditions): Generator<readonly JobRef[], void> {
    const { first, end } = rangeOf(conditions)
    for (let from = first; from < end;) {
      const until = Math.min(end, from + SEQS_PER_STEP)
      const found: JobRef[] = connection.db
        .select({ seq: jobs.seq, id: jobs.id })
        .from(jobs)
        .where(matches(conditions, from, until))
        .orderBy(asc(jobs.seq))
        .limit(REFS_PER_STEP)
        .all()
      yield found
      from = found.length === REFS_PER_STEP ? (found.at(-1)?.seq ?? until) + 1 : until
    }
  }
}

/** Finds the first job of the last so many numbers below `before`, if older jobs are left. */
export const prepareLookBack = ({ sqlite }: Connection) => {
  const selectLast = sqlite.prepare('SELECT max(seq) FROM jobs').pluck()
  const selectOlder = sqlite.prepare('SELECT 1 FROM jobs WHERE seq < +? LIMIT 1').pluck()
  const selectFrom = sqlite.prepare(
    'SELECT seq, created_at AS createdAt FROM jobs WHERE seq >= +? ORDER BY seq LIMIT 1',
  )

  return (numbers: number, before = Infinity): { seq: number; createdAt: number } | undefined => {
    const last = (selectLast.get() as number | null) ?? 0
    const from = Math.min(before, last + 1) - numbers
    if (selectOlder.get(from) === undefined) return undefined
    return selectFrom.get(from) as { seq: number; createdAt: number }
  }
}
