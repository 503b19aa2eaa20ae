import { and, eq, given, value } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'

/** Matches the row of a job only while it is queued. */
export const isQueued = and(eq(jobs.seq, given('seq')), inState('queued'))

/** The columns of a job that ends while it is queued, besides its state and its error. It has no answer. */
export const endingQueued = {
  finishedAt: value('now'),
  expiresAt: value('expiresAt'),
  availableAt: null,
  answerAttempt: null,
} as const
