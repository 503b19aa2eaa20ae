import type { Connection } from '../connection.ts'
import { and, eq, isNotNull, isNull, sql, value } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import type { JobRef } from './new-job.ts'

export const prepareDelivered = (connection: Connection) => {
  const expireBytes = connection.db
    .update(jobs)
    .set({ bytesExpireAt: value('at') })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), isNotNull(jobs.finishedAt), isNull(jobs.idempotencyKey)))
    .prepare()

  return ({ seq }: JobRef, expireAt: number): void => {
    connection.write('normal', () => expireBytes.run({ seq, at: expireAt }))
  }
}
