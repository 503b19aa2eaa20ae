import type { JobErrorCode } from '@foreman/jobs'
import type { Ending } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobs } from '../schema.ts'
import { endingQueued, isQueued } from './ending-queued.ts'

interface Failure {
  readonly errorCode: JobErrorCode
  readonly errorMessage: string
}

export type FailQueued = ReturnType<typeof prepareFailQueued>

/** Fails a job that does not run, so that it has no answer. The caller opens the transaction. */
export const prepareFailQueued = ({ db }: Connection, changes: Changes) => {
  const update = db
    .update(jobs)
    .set({
      ...endingQueued,
      state: 'failed',
      errorCode: value('errorCode'),
      errorMessage: value('errorMessage'),
    })
    .where(isQueued)
    .returning({ attempt: jobs.attempt })
    .prepare()

  return (seq: number, { errorCode, errorMessage }: Failure, { now, ttlMs }: Ending): void => {
    const failed = update.get({ seq, errorCode, errorMessage, now, expiresAt: now + ttlMs })
    if (!failed) return
    changes.record({ seq, ...failed }, { type: 'failed', ...failed, code: errorCode }, now)
  }
}
