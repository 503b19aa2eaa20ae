import type { StoredAnswer } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, eq, given, ne, sql } from '../drizzle.ts'
import { jobLog } from '../schema.ts'
import { readHead } from './log-rows.ts'
import type { JobAttempt } from './log-writer.ts'

const isOutputOfAttempt = and(
  eq(jobLog.jobSeq, given('seq')),
  eq(jobLog.attempt, given('attempt')),
  ne(jobLog.kind, sql`'event'`),
)

/** An answer in more rows is not read: each row takes time of its own, however short it is. */
const MAX_ROWS = 20_000

/**
 * Prepares the read of what one attempt brought; undefined when that has no head, or a body of more than `maxBytes`, or of
 * more rows than can be read quickly.
 */
export const prepareStoredAnswer = ({ sqlite, db }: Connection) => {
  // The limit also bounds the time that it takes to find out that an answer is too long.
  const selectSize = sqlite.prepare(
    `SELECT count(*) AS rows, sum(length) AS bytes FROM
       (SELECT length(bytes) AS length FROM job_log WHERE job_seq = +? AND attempt = +? AND kind = 'body' LIMIT +?)`,
  )
  const isTooLong = ({ seq, attempt }: JobAttempt, maxBytes: number): boolean => {
    const size = selectSize.get(seq, attempt, MAX_ROWS + 1) as { rows: number; bytes: number | null }
    return size.rows > MAX_ROWS || (size.bytes ?? 0) > maxBytes
  }
  const selectAnswer = db
    .select({ id: jobLog.id, kind: jobLog.kind, bytes: jobLog.bytes })
    .from(jobLog)
    .where(isOutputOfAttempt)
    .orderBy(asc(jobLog.id))
    .prepare()

  return ({ seq, attempt }: JobAttempt, maxBytes: number): StoredAnswer | undefined => {
    if (isTooLong({ seq, attempt }, maxBytes)) return undefined
    const rows = selectAnswer.all({ seq, attempt })
    const head = rows.find(({ kind }) => kind === 'head')
    if (!head) return undefined
    return {
      head: readHead(head),
      body: rows.filter(({ kind }) => kind === 'body').map(({ bytes }) => bytes),
    }
  }
}
