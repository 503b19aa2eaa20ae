import type { Connection } from '../connection.ts'
import { inArray } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import type { Writes } from '../verbs.ts'
import { deleteLog, deleteParts, deleteRequests, ROWS_PER_STEP } from './delete-rows.ts'
import { jobsPast } from './jobs-past.ts'

export const preparePruneDelivered = (connection: Connection, writes: Writes) => {
  const { db } = connection
  const deliveredBy = jobsPast(connection, jobs.bytesExpireAt)

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
