import { isEndState, type JobState, priorities } from '@foreman/jobs'
import { keyOfRepetition } from '../../ids.ts'
import type { JobConditions } from '../../values.ts'
import { and, type Column, eq, given, gte, isNotNull, isNull, lt, ne, type SQL, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { foundBy } from './found-by.ts'
import { hasMetadata } from './has-metadata.ts'

/** The most jobs that one step looks at. */
const SEQS_PER_STEP = 20_000
/** Their metadata can have some tens of kilobytes. */
const METADATA_PER_STEP = 500

export const seqsPerStep = ({ metadata }: JobConditions): number =>
  metadata === undefined ? SEQS_PER_STEP : METADATA_PER_STEP

/** Matches the accepted jobs of these conditions from the number `first` on and below `end`, which each step gives. */
export const matches = (conditions: JobConditions): SQL | undefined => {
  const { caller, state, modelName, priority, priorityOtherThan } = conditions
  const { errorCode, batch, metadata, since, until, unrepeated } = conditions
  const { leader } = foundBy(conditions)
  const indexed = (name: 'caller' | 'modelName' | 'state') =>
    leader === name ? jobs[name] : withoutIndex(jobs[name])
  return and(
    gte(jobs.seq, given('first')),
    lt(jobs.seq, given('end')),
    isNull(jobs.arrival),
    since === undefined ? undefined : gte(jobs.createdAt, since),
    until === undefined ? undefined : lt(jobs.createdAt, until),
    caller === undefined ? undefined : sql`${indexed('caller')} = ${caller}`,
    state && (leader === 'state' ? inState(state) : sql`${indexed('state')} = ${state}`),
    modelName === undefined ? undefined : sql`${indexed('modelName')} = ${modelName}`,
    priority === undefined ? undefined : eq(jobs.priority, priorities.indexOf(priority)),
    priorityOtherThan === undefined ? undefined : ne(jobs.priority, priorities.indexOf(priorityOtherThan)),
    errorCode === undefined ? undefined : eq(jobs.errorCode, errorCode),
    batch === undefined ? undefined : sql`${jobs.batch} = (SELECT seq FROM batches WHERE id = ${batch})`,
    unrepeated ? hasNoRepetition : undefined,
    metadata && hasMetadata(metadata),
  )
}

/** Keeps SQLite from choosing an index of the column. */
const withoutIndex = (column: Column): SQL => sql`+${column}`

const hasNoRepetition = sql`NOT EXISTS (SELECT 1 FROM jobs AS repetition
  WHERE repetition.caller = ${jobs.caller} AND repetition.idempotency_key = ${keyOfRepetition('')} || ${jobs.id})`

/** Repeats the condition of a partial index (`jobs_queued`, `jobs_running`, `jobs_ended`), so that SQLite uses it. */
const inState = (state: JobState): SQL | undefined =>
  isEndState(state)
    ? and(isNotNull(jobs.finishedAt), eq(jobs.state, state))
    : eq(jobs.state, sql.raw(`'${state}'`))
