import { JobLostError } from '../../errors.ts'
import type { ProvisionalAnswer, Run } from '../../values.ts'
import { and, eq, given } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import type { LogWriter } from '../log/log-writer.ts'
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

/** Puts a provisional answer into the log, as the output of this attempt. */
export const logProvisional = (log: LogWriter, run: Run, answer: ProvisionalAnswer | undefined): void => {
  if (!answer) return
  log.head(run, answer.head)
  log.body(run, answer.body)
}
