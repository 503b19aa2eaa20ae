import type { JobView, OutputCursor } from './values.ts'

/**
 * Whether two positions are in the output of the same attempt of a job. The numbers alone do not tell: an engine that lost a
 * claim in a crash gives its number again, with another token. Of an attempt before the last, the number is enough.
 */
export const isSameAttempt = (
  one: Pick<OutputCursor, 'attempt' | 'token'>,
  other: Pick<OutputCursor, 'attempt' | 'token'>,
  job: Pick<JobView, 'attempt'>,
): boolean => one.attempt === other.attempt && (one.attempt !== job.attempt || one.token === other.token)
