import { and, eq, sql, value } from '../drizzle.ts'
import { jobs } from '../schema.ts'

/** Matches the row of a job only while it is queued. */
export const isQueued = and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'queued'))

/** The columns of a job that ends while it is queued, besides its state and its error. It has no answer. */
export const endingQueued = {
  finishedAt: value('now'),
  expiresAt: value('expiresAt'),
  availableAt: null,
  answerAttempt: null,
} as const
