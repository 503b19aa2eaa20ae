import type { Connection } from '../connection.ts'
import { and, inArray, isNotNull, lte, sql } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { reads, type Writes } from '../verbs.ts'
import { deleteLog, deleteParts, deleteRequests, ROWS_PER_STEP } from './delete-rows.ts'

export const preparePruneDelivered = (connection: Connection, writes: Writes) => {
  const { db } = connection
  const selectDelivered = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(isNotNull(jobs.bytesExpireAt), lte(jobs.bytesExpireAt, sql.placeholder('now'))))
    .limit(ROWS_PER_STEP)
    .prepare()

  const deliveredBy = reads((now: number) => selectDelivered.all({ now }).map(({ seq }) => seq))

  return async (now: number): Promise<{ more: boolean }> => {
    const seqs = await deliveredBy(now)
    if (seqs.length === 0) return { more: false }
    return writes.write('normal', () => {
      if (!deleteLog(connection, seqs, 'output') || !deleteParts(connection, seqs)) return { more: true }
      deleteRequests(connection, seqs)
      db.update(jobs).set({ bytesExpireAt: null }).where(inArray(jobs.seq, seqs)).run()
      return { more: seqs.length === ROWS_PER_STEP }
    })
  }
}
