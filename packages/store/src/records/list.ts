import { isEndState, type JobState } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, asc, desc, eq, gte, isNotNull, lt, type SQL, sql } from '../drizzle.ts'
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

export const prepareList = (connection: Connection) => {
  const selectFirstSince = connection.db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(gte(jobs.id, sql.placeholder('id')))
    .orderBy(asc(jobs.id))
    .limit(1)
    .prepare()

  return ({ caller, state, modelName, since, before, limit }: JobFilter): JobRecord[] => {
    // Ids begin with their time, so the index of the ids finds the first job of interest without reading older ones.
    const first = since === undefined ? undefined : selectFirstSince.get({ id: lowestIdAt(since) })
    if (since !== undefined && !first) return []
    return selectJobs(connection)
      .where(
        and(
          caller === undefined ? undefined : eq(jobs.caller, caller),
          state && inState(state),
          modelName === undefined ? undefined : eq(jobs.modelName, modelName),
          since === undefined ? undefined : gte(jobs.createdAt, since),
          first && gte(jobs.seq, first.seq),
          before === undefined ? undefined : lt(jobs.seq, before),
        ),
      )
      .orderBy(desc(jobs.seq))
      .limit(limit)
      .all()
  }
}

/** Repeats the condition of a partial index (`jobs_queued`, `jobs_running`, `jobs_ended`), so that SQLite uses it. */
const inState = (state: JobState): SQL | undefined =>
  isEndState(state)
    ? and(isNotNull(jobs.finishedAt), eq(jobs.state, state))
    : eq(jobs.state, sql.raw(`'${state}'`))

/** The lowest id that a job submitted at this time can have (UUID version 7). */
const lowestIdAt = (ms: number): string => `job_${Math.max(0, ms).toString(16).padStart(12, '0')}`
