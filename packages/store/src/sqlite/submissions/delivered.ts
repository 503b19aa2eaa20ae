import type { JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, isNotNull, isNull, value } from '../drizzle.ts'
import { jobs } from '../schema.ts'

export const prepareDelivered = (connection: Connection) => {
  const expireBytes = connection.db
    .update(jobs)
    .set({ bytesExpireAt: value('at') })
    .where(and(eq(jobs.seq, given('seq')), isNotNull(jobs.finishedAt), isNull(jobs.idempotencyKey)))
    .prepare()

  return ({ seq }: JobRef, expireAt: number): void => {
    expireBytes.run({ seq, at: expireAt })
  }
}
