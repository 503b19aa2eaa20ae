import { isEndState, type JobState } from '@foreman/jobs'
import type { JobFilter, JobRecord } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, desc, eq, gte, isNotNull, isNull, lt, type SQL, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { selectJobs } from './job-record.ts'

/** The most jobs that one step of a list reads. Each can have some tens of kilobytes of metadata. */
const JOBS_PER_STEP = 20
/** So long before its job is inserted an id can have been made, while other jobs come first. */
const AROUND_MS = 1_000
/** The most jobs that one step looks at. If several conditions restrict a list, no index finds its jobs directly. */
const SEQS_PER_STEP = 20_000

export const prepareList = (connection: Connection) => {
  const selectFirstIdSince = connection.sqlite
    .prepare('SELECT id FROM jobs WHERE id >= +? ORDER BY id LIMIT 1')
    .pluck()
  const selectFirstSeqWithin = connection.sqlite
    .prepare('SELECT min(seq) FROM jobs WHERE id >= +? AND id < +?')
    .pluck()

  const selectLastSeq = connection.sqlite.prepare('SELECT max(seq) FROM jobs').pluck()
  const selectFirstSeq = connection.sqlite.prepare('SELECT min(seq) FROM jobs').pluck()
  const firstSeq = (since: number | undefined): number => {
    if (since === undefined) return (selectFirstSeq.get() as number | null) ?? Infinity
    const id = selectFirstIdSince.get(lowestIdAt(since - AROUND_MS)) as string | undefined
    if (id === undefined) return Infinity
    // Ids of one millisecond are in no order, and a job is inserted a moment after its id was made.
    return selectFirstSeqWithin.get(id, lowestIdAt(timeOf(id) + 2 * AROUND_MS)) as number
  }

  return function* ({
    since,
    before = Infinity,
    limit,
    ...filter
  }: JobFilter): Generator<readonly JobRecord[], void> {
    // Ids begin with their time, so the index of the ids finds the first job of interest without reading older ones.
    const first = firstSeq(since)
    let end = Math.min(before, ((selectLastSeq.get() as number | null) ?? 0) + 1)
    let left = limit
    while (end > first && left > 0) {
      const from = Math.max(first, end - SEQS_PER_STEP)
      const most = Math.min(left, JOBS_PER_STEP)
      const found = selectJobs(connection)
        .where(and(gte(jobs.seq, from), lt(jobs.seq, end), createdSince(since), matches(filter)))
        .orderBy(desc(jobs.seq))
        .limit(most)
        .all()
      yield found
      left -= found.length
      end = found.length === most ? (found.at(-1)?.seq ?? from) : from
    }
  }
}

const createdSince = (since: number | undefined): SQL | undefined =>
  since === undefined ? undefined : gte(jobs.createdAt, since)

const matches = ({
  caller,
  state,
  modelName,
}: Pick<JobFilter, 'caller' | 'state' | 'modelName'>): SQL | undefined =>
  and(
    isNull(jobs.arrival),
    caller === undefined ? undefined : eq(jobs.caller, caller),
    state && inState(state),
    modelName === undefined ? undefined : eq(jobs.modelName, modelName),
  )

/** Repeats the condition of a partial index (`jobs_queued`, `jobs_running`, `jobs_ended`), so that SQLite uses it. */
const inState = (state: JobState): SQL | undefined =>
  isEndState(state)
    ? and(isNotNull(jobs.finishedAt), eq(jobs.state, state))
    : eq(jobs.state, sql.raw(`'${state}'`))

/** When an id was made. */
const timeOf = (id: string): number => Number.parseInt(id.slice(4, 16), 16)

/** The lowest id that a job submitted at this time can have (UUID version 7). */
const lowestIdAt = (ms: number): string => `job_${Math.max(0, ms).toString(16).padStart(12, '0')}`
