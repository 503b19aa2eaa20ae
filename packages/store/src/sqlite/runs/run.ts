import { JobLostError } from '../../errors.ts'
import type { Run } from '../../values.ts'
import { and, eq, given } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'

/** Matches the row of a job only while the run's claim holds it. */
export const isClaimed = and(
  eq(jobs.seq, given('seq')),
  eq(jobs.claimToken, given('token')),
  inState('running'),
)

/** The columns that a job loses when it leaves the state running. */
export const leavingRunning = { claimToken: null, cancelRequestedAt: null } as const

/** @throws JobLostError when a statement of the run found no row, because its claim no longer holds the job */
export const ensureClaimed = ({ seq }: Pick<Run, 'seq'>, isRowFound: boolean): void => {
  if (!isRowFound) throw new JobLostError(`the run of job ${seq} has lost its claim`)
}
