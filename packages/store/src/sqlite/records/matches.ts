import { isEndState, type JobState, priorities } from '@foreman/jobs'
import { keyOfRepetition } from '../../ids.ts'
import type { JobConditions } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, gte, isNotNull, isNull, lt, ne, type SQL, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { prepareSeqs, type SeqRange } from '../seq-steps.ts'
import { prepareFirstSince } from './first-since.ts'

/** The most jobs that one step looks at. If several conditions restrict a list, no index finds its jobs directly. */
export const SEQS_PER_STEP = 20_000

/** The range in which the jobs of these conditions are. */
export const prepareRange = (connection: Connection) => {
  const firstSince = prepareFirstSince(connection)
  const seqs = prepareSeqs(connection, 'jobs')

  return ({ since, from = 0, before = Infinity }: JobConditions): SeqRange => {
    const first = since === undefined ? seqs.first() : firstSince(since)
    return { first: Math.max(first, from), end: Math.min(before, seqs.last() + 1) }
  }
}

/** Matches the accepted jobs of these conditions in a range. */
export const matches = (
  { caller, state, modelName, priority, priorityOtherThan, errorCode, since, unrepeated }: JobConditions,
  { first, end }: SeqRange,
): SQL | undefined =>
  and(
    gte(jobs.seq, first),
    lt(jobs.seq, end),
    isNull(jobs.arrival),
    since === undefined ? undefined : gte(jobs.createdAt, since),
    caller === undefined ? undefined : eq(jobs.caller, caller),
    state && inState(state),
    modelName === undefined ? undefined : eq(jobs.modelName, modelName),
    priority === undefined ? undefined : eq(jobs.priority, priorities.indexOf(priority)),
    priorityOtherThan === undefined ? undefined : ne(jobs.priority, priorities.indexOf(priorityOtherThan)),
    errorCode === undefined ? undefined : eq(jobs.errorCode, errorCode),
    unrepeated ? hasNoRepetition : undefined,
  )

const hasNoRepetition = sql`NOT EXISTS (SELECT 1 FROM jobs AS repetition
  WHERE repetition.caller = ${jobs.caller} AND repetition.idempotency_key = ${keyOfRepetition('')} || ${jobs.id})`

/** Repeats the condition of a partial index (`jobs_queued`, `jobs_running`, `jobs_ended`), so that SQLite uses it. */
const inState = (state: JobState): SQL | undefined =>
  isEndState(state)
    ? and(isNotNull(jobs.finishedAt), eq(jobs.state, state))
    : eq(jobs.state, sql.raw(`'${state}'`))
