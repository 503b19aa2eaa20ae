import type { Connection } from '../connection.ts'
import { asc, atMost, desc, given, gt } from '../drizzle.ts'
import { jobLog } from '../schema.ts'

const ROWS_PER_READ = 2_000

export const prepareChangesSince = ({ db }: Connection) => {
  const select = db
    .select({ id: jobLog.id, jobSeq: jobLog.jobSeq })
    .from(jobLog)
    .where(gt(jobLog.id, given('after')))
    .orderBy(asc(jobLog.id))
    .limit(atMost(ROWS_PER_READ))
    .prepare()

  return (after: number): { upTo: number; jobSeqs: Set<number> } => {
    const jobSeqs = new Set<number>()
    let upTo = after
    for (;;) {
      const rows = select.all({ after: upTo })
      for (const { id, jobSeq } of rows) {
        jobSeqs.add(jobSeq)
        upTo = id
      }
      if (rows.length < ROWS_PER_READ) return { upTo, jobSeqs }
    }
  }
}

export const prepareLastChange = ({ db }: Connection) => {
  const select = db.select({ id: jobLog.id }).from(jobLog).orderBy(desc(jobLog.id)).limit(atMost(1)).prepare()

  return (): number => select.get()?.id ?? 0
}
