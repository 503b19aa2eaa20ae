import type { JobState } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { eq, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'

/** What a process that follows a job needs to know of it. */
export interface JobView {
  readonly id: string
  readonly state: JobState
  readonly attempt: number
  readonly answerAttempt: number | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
}

export type View = ReturnType<typeof prepareView>

export const prepareView = ({ db }: Connection) => {
  const select = db
    .select({
      id: jobs.id,
      state: jobs.state,
      attempt: jobs.attempt,
      answerAttempt: jobs.answerAttempt,
      errorCode: jobs.errorCode,
      errorMessage: jobs.errorMessage,
    })
    .from(jobs)
    .where(eq(jobs.seq, sql.placeholder('seq')))
    .prepare()

  return (seq: number): JobView | undefined => select.get({ seq })
}
