import type { Connection } from '../connection.ts'
import { and, asc, eq, ne, sql } from '../drizzle.ts'
import { jobLog } from '../schema.ts'
import { readHead, type ResponseHead } from './log-rows.ts'
import type { JobAttempt } from './log-writer.ts'

/** The answer of a job as the log holds it. */
export interface StoredAnswer {
  readonly head: ResponseHead
  readonly body: readonly Buffer[]
}

const isOutputOfAttempt = and(
  eq(jobLog.jobSeq, sql.placeholder('seq')),
  eq(jobLog.attempt, sql.placeholder('attempt')),
  ne(jobLog.kind, 'event'),
)

/** Prepares the read of what one attempt brought; undefined when that has no head, or more bytes than `maxBytes`. */
export const prepareStoredAnswer = ({ db }: Connection) => {
  const selectSize = db
    .select({ bytes: sql<number | null>`sum(length(${jobLog.bytes}))` })
    .from(jobLog)
    .where(isOutputOfAttempt)
    .prepare()
  const selectAnswer = db
    .select({ id: jobLog.id, kind: jobLog.kind, bytes: jobLog.bytes })
    .from(jobLog)
    .where(isOutputOfAttempt)
    .orderBy(asc(jobLog.id))
    .prepare()

  return ({ seq, attempt }: JobAttempt, maxBytes: number): StoredAnswer | undefined => {
    if ((selectSize.get({ seq, attempt })?.bytes ?? 0) > maxBytes) return undefined
    const rows = selectAnswer.all({ seq, attempt })
    const head = rows.find(({ kind }) => kind === 'head')
    if (!head) return undefined
    return {
      head: readHead(head),
      body: rows.filter(({ kind }) => kind === 'body').map(({ bytes }) => bytes),
    }
  }
}
