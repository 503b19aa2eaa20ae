import type { JobRecord } from '../../values.ts'
import { batches } from '../batches/tables.ts'
import type { Connection } from '../connection.ts'
import { and, eq, getTableColumns, given, isNull, sql } from '../drizzle.ts'
import { jobDetails, jobs } from '../schema.ts'

const {
  claimToken: _claimToken,
  lastToken: _lastToken,
  requestHash: _requestHash,
  arrival: _arrival,
  gateway: _gateway,
  keptPlace: _keptPlace,
  keptCreatedAt: _keptCreatedAt,
  leftAt: _leftAt,
  place: _place,
  batch: _batch,
  room: _room,
  ...recordColumns
} = getTableColumns(jobs)

/** Starts a query for job records. */
export const selectJobs = ({ db }: Connection) =>
  db
    .select({
      ...recordColumns,
      place: sql<number>`${jobs.place}`,
      batch: batches.id,
      metadata: jobDetails.metadata,
    })
    .from(jobs)
    .leftJoin(jobDetails, eq(jobDetails.jobSeq, jobs.seq))
    .leftJoin(batches, eq(batches.seq, jobs.batch))

export const prepareBySeq = (connection: Connection) => {
  const select = selectJobs(connection)
    .where(eq(jobs.seq, given('seq')))
    .prepare()

  return (seq: number): JobRecord | undefined => select.get({ seq })
}

export const prepareById = (connection: Connection) => {
  const select = selectJobs(connection)
    .where(and(eq(jobs.id, given('id')), isNull(jobs.arrival)))
    .prepare()

  return (id: string): JobRecord | undefined => select.get({ id })
}
