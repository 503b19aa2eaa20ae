import { isSameAttempt } from '../../same-attempt.ts'
import type { JobView, OutputCursor, OutputPiece, OutputRead } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, atMost, eq, given, gt, ne, sql } from '../drizzle.ts'
import { readHead } from '../log/log-rows.ts'
import { jobLog } from '../schema.ts'
import type { View } from './view.ts'

/** A piece has at most 64 KiB, so one read brings at most 2 MiB into memory. */
const PIECES_PER_READ = 32

export const prepareRead = (connection: Connection, view: View) => {
  const selectPieces = connection.db
    .select({ id: jobLog.id, kind: jobLog.kind, bytes: jobLog.bytes })
    .from(jobLog)
    .where(
      and(
        eq(jobLog.jobSeq, given('seq')),
        gt(jobLog.id, given('after')),
        eq(jobLog.attempt, given('attempt')),
        ne(jobLog.kind, sql`'event'`),
      ),
    )
    .orderBy(asc(jobLog.id))
    .limit(atMost(PIECES_PER_READ))
    .prepare()

  return (seq: number, cursor: OutputCursor | undefined): OutputRead | undefined =>
    connection.read(() => {
      const job = view(seq)
      if (!job) return undefined
      const attempt = attemptToRead(job)
      if (attempt === null) return { job, cursor: undefined, pieces: [], more: false }
      const begun = { attempt, token: attempt === job.attempt ? job.token : null, after: 0 }
      const { after } = cursor && isSameAttempt(cursor, begun, job) ? cursor : begun
      const pieces = selectPieces
        .all({ seq, after, attempt })
        .map((row): OutputPiece =>
          row.kind === 'head'
            ? { id: row.id, kind: 'head', head: readHead(row) }
            : { id: row.id, kind: 'body', bytes: row.bytes },
        )
      const more = pieces.length === PIECES_PER_READ
      return { job, cursor: { ...begun, after: pieces.at(-1)?.id ?? after }, pieces, more }
    })
}

/** The attempt whose output a reader gets. The output of a queued job's earlier attempts may not be its answer. */
const attemptToRead = ({ state, attempt, answerAttempt }: JobView): number | null => {
  if (state === 'running') return attempt
  return state === 'queued' ? null : answerAttempt
}
