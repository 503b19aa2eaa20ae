import { isEndState, type JobState, priorities } from '@foreman/jobs'
import { keyOfRepetition } from '../../ids.ts'
import type { JobConditions } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, gte, isNotNull, isNull, lt, ne, type SQL, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { prepareSeqs, type SeqRange } from '../seq-steps.ts'

/** So long before its job is inserted an id can have been made, while other jobs come first. */
const AROUND_MS = 1_000

/** The most jobs that one step looks at. If several conditions restrict a list, no index finds its jobs directly. */
export const SEQS_PER_STEP = 20_000

/** The range in which the jobs of these conditions are. */
export const prepareRange = (connection: Connection) => {
  const { sqlite } = connection
  const selectFirstIdSince = sqlite.prepare('SELECT id FROM jobs WHERE id >= +? ORDER BY id LIMIT 1').pluck()
  const selectFirstSeqWithin = sqlite.prepare('SELECT min(seq) FROM jobs WHERE id >= +? AND id < +?').pluck()
  const seqs = prepareSeqs(connection, 'jobs')

  // Ids begin with their time, so the index of the ids finds the first job of interest without reading older ones.
  const firstSince = (since: number): number => {
    const id = selectFirstIdSince.get(lowestIdAt(since - AROUND_MS)) as string | undefined
    if (id === undefined) return Infinity
    // Ids of one millisecond are in no order, and a job is inserted a moment after its id was made.
    return selectFirstSeqWithin.get(id, lowestIdAt(timeOf(id) + 2 * AROUND_MS)) as number
  }

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

/** When an id was made. */
const timeOf = (id: string): number => Number.parseInt(id.slice(4, 16), 16)

/** The lowest id that a job submitted at this time can have (UUID version 7). */
const lowestIdAt = (ms: number): string => `job_${Math.max(0, ms).toString(16).padStart(12, '0')}`
