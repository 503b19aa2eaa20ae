import { isEndState, type JobState } from '@foreman/jobs'
import type { Run } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { jobs } from '../schema.ts'
import { isClaimed } from './run.ts'

export type ClaimedJob = ReturnType<typeof prepareClaimedJob>

/** Reads the job of a run. Undefined when the run's claim no longer holds it. */
export const prepareClaimedJob = ({ db }: Connection) => {
  const select = db
    .select({ cancelRequestedAt: jobs.cancelRequestedAt })
    .from(jobs)
    .where(isClaimed)
    .prepare()

  return ({ seq, token }: Run): { cancelRequestedAt: number | null } | undefined => select.get({ seq, token })
}

export type LeftState = ReturnType<typeof prepareLeftState>

/**
 * The state in which a run left its job. Undefined: it has not left the job, or the job is not its own any more. A run
 * whose answer was lost learns so what its first call did.
 */
export const prepareLeftState = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs for each job.
  const select = sqlite.prepare('SELECT state FROM jobs WHERE seq = +? AND last_token = +?').pluck()

  return ({ seq, token }: Run): Exclude<JobState, 'running'> | undefined => {
    const state = select.get(seq, token) as JobState | undefined
    return state !== undefined && (state === 'queued' || isEndState(state)) ? state : undefined
  }
}
