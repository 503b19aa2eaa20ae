import type { JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, isNotNull, isNull, sql, value } from '../drizzle.ts'
import { jobs } from '../schema.ts'

export const prepareDelivered = (connection: Connection) => {
  const expireBytes = connection.db
    .update(jobs)
    .set({ bytesExpireAt: value('at') })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), isNotNull(jobs.finishedAt), isNull(jobs.idempotencyKey)))
    .prepare()

  return ({ seq }: JobRef, expireAt: number): void => {
    expireBytes.run({ seq, at: expireAt })
  }
}
