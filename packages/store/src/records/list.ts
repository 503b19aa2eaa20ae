import { isEndState, type JobState } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, asc, desc, eq, gte, isNotNull, isNull, lt, type SQL, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { type JobRecord, selectJobs } from './job-record.ts'

/** Which jobs to list. A field that is undefined does not restrict the list. */
export interface JobFilter {
  readonly caller?: string | undefined
  readonly state?: JobState | undefined
  /** The canonical name of the model, or the name as the caller wrote it if it has no canonical form. */
  readonly modelName?: string | undefined
  /** Only jobs that were submitted at this time or later. */
  readonly since?: number | undefined
  /** Only jobs with a lower `seq`. */
  readonly before?: number | undefined
  readonly limit: number
}

/** The most jobs that one step of a list reads. Each can have some tens of kilobytes of metadata. */
const JOBS_PER_STEP = 20
/** The most jobs that one step looks at. If several conditions restrict a list, no index finds its jobs directly. */
const SEQS_PER_STEP = 20_000

export const prepareListInSteps = (connection: Connection) => {
  const selectFirstSince = connection.db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(gte(jobs.id, sql.placeholder('id')))
    .orderBy(asc(jobs.id))
    .limit(1)
    .prepare()

  const selectLastSeq = connection.sqlite.prepare('SELECT max(seq) FROM jobs').pluck()
  const selectFirstSeq = connection.sqlite.prepare('SELECT min(seq) FROM jobs').pluck()
  const firstSeq = (since: number | undefined): number =>
    since === undefined
      ? ((selectFirstSeq.get() as number | null) ?? Infinity)
      : (selectFirstSince.get({ id: lowestIdAt(since) })?.seq ?? Infinity)

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

/** The lowest id that a job submitted at this time can have (UUID version 7). */
const lowestIdAt = (ms: number): string => `job_${Math.max(0, ms).toString(16).padStart(12, '0')}`
