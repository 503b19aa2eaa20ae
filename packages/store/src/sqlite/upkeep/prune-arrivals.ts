import type { Connection } from '../connection.ts'
import { and, atMost, eq, exists, given, isNotNull, not } from '../drizzle.ts'
import { arrivals, jobs } from '../schema.ts'
import { isArriving } from '../submissions/is-arriving.ts'
import { reads, type Writes } from '../verbs.ts'
import { deleteJobs, deleteLog, deleteParts, ROWS_PER_STEP } from './delete-rows.ts'

export const preparePruneArrivals = (connection: Connection, writes: Writes) => {
  const { db } = connection
  const selectArrivals = db.select().from(arrivals).prepare()
  const removeArrival = db
    .delete(arrivals)
    .where(eq(arrivals.id, given('id')))
    .prepare()
  const arrival = db.select({ id: arrivals.id }).from(arrivals).where(eq(arrivals.id, jobs.arrival))
  const selectOrphans = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(isNotNull(jobs.arrival), not(exists(arrival))))
    .limit(atMost(ROWS_PER_STEP))
    .prepare()

  const look = reads((now: number) => ({
    stale: selectArrivals.all().filter(({ touchedAt }) => !isArriving(touchedAt, now)),
    seqs: selectOrphans.all().map(({ seq }) => seq),
  }))

  return async (now: number): Promise<{ more: boolean }> => {
    const { stale, seqs } = await look(now)
    if (stale.length === 0 && seqs.length === 0) return { more: false }
    return writes.write('normal', () => {
      for (const { id } of stale) removeArrival.run({ id })
      if (seqs.length > 0 && deleteLog(connection, seqs, 'all') && deleteParts(connection, seqs))
        deleteJobs(connection, seqs)
      return { more: true }
    })
  }
}
