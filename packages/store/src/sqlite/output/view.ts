import type { JobView } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { eq, given } from '../drizzle.ts'
import { jobs } from '../schema.ts'

export type View = ReturnType<typeof prepareView>

export const prepareView = ({ db }: Connection) => {
  const select = db
    .select({
      id: jobs.id,
      state: jobs.state,
      attempt: jobs.attempt,
      token: jobs.lastToken,
      answerAttempt: jobs.answerAttempt,
      createdAt: jobs.createdAt,
      startedAt: jobs.startedAt,
      startReason: jobs.startReason,
      behindModel: jobs.behindModel,
      behindSince: jobs.behindSince,
      errorCode: jobs.errorCode,
      errorMessage: jobs.errorMessage,
    })
    .from(jobs)
    .where(eq(jobs.seq, given('seq')))
    .prepare()

  return (seq: number): JobView | undefined => select.get({ seq })
}
