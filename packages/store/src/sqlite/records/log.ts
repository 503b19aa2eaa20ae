import type { LogEntry } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, atMost, eq, given, gt } from '../drizzle.ts'
import { readChange, readHead } from '../log/log-rows.ts'
import { jobLog } from '../schema.ts'

/** An entry has at most 64 KiB, so one read brings at most 2 MiB into memory. */
const ENTRIES_PER_READ = 32

export const prepareLog = ({ db }: Connection) => {
  const select = db
    .select()
    .from(jobLog)
    .where(and(eq(jobLog.jobSeq, given('seq')), gt(jobLog.id, given('after'))))
    .orderBy(asc(jobLog.id))
    .limit(atMost(ENTRIES_PER_READ))
    .prepare()

  return (seq: number, after: number): LogEntry[] => select.all({ seq, after }).map(readEntry)
}

const readEntry = (row: typeof jobLog.$inferSelect): LogEntry => {
  const { id, attempt, kind, bytes } = row
  switch (kind) {
    case 'head':
      return { id, attempt, kind, head: readHead(row) }
    case 'body':
      return { id, attempt, kind, bytes }
    case 'event':
      return { id, attempt, kind, event: readChange(row) }
  }
}
