import { DEADLINE_EXCEEDED } from '@foreman/jobs'
import type { Queue } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { and, atMost, given, isNotNull, isNull, lte } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'
import { reads, type Writes } from '../verbs.ts'
import type { FailQueued } from './fail-queued.ts'

/** The most jobs that one step fails. */
const OVERDUE_PER_STEP = 500

export const prepareFailOverdue = (
  { db, sqlite }: Connection,
  writes: Writes,
  failQueued: FailQueued,
): Queue['failOverdue'] => {
  const hasDeadline = and(inState('queued'), isNotNull(jobs.deadlineAt), isNull(jobs.arrival))
  // Without Drizzle for speed: this runs at each look of the worker.
  const selectNextDeadline = sqlite
    .prepare(
      `SELECT deadline_at FROM jobs
       WHERE state = 'queued' AND deadline_at IS NOT NULL AND arrival IS NULL ORDER BY deadline_at LIMIT 1`,
    )
    .pluck()
  const selectOverdue = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(hasDeadline, lte(jobs.deadlineAt, given('now'))))
    .limit(atMost(OVERDUE_PER_STEP))
    .prepare()
  const nextDeadline = reads(() => selectNextDeadline.get() as number | undefined)

  return async ending => {
    const { now } = ending
    const first = await nextDeadline()
    // Most calls find nothing. These must not make other processes wait for the write lock.
    if (first === undefined || first > now) return first
    await writes.write('full', () => {
      for (const { seq } of selectOverdue.all({ now })) failQueued(seq, DEADLINE_EXCEEDED, ending)
    })
    return nextDeadline()
  }
}
