import type { Connection } from '../connection.ts'
import { and, asc, eq, gt, ne, sql } from '../drizzle.ts'
import { readHead, type ResponseHead } from '../log/log-rows.ts'
import { jobLog } from '../schema.ts'
import type { JobView, View } from './view.ts'

/** A piece of the output of one attempt: first the head, then the body in the pieces in which it arrived. */
export type OutputPiece =
  | { readonly id: number; readonly kind: 'head'; readonly head: ResponseHead }
  | { readonly id: number; readonly kind: 'body'; readonly bytes: Buffer }

/** The position of a reader: the attempt whose output it reads, and the id of the last piece that it has. */
export interface OutputCursor {
  readonly attempt: number
  readonly after: number
}

interface OutputRead {
  readonly job: JobView
  readonly cursor: OutputCursor | undefined
  readonly pieces: OutputPiece[]
}

/** A piece has at most 64 KiB, so one read brings at most 2 MiB into memory. */
const PIECES_PER_READ = 32

export const prepareRead = (connection: Connection, view: View) => {
  const selectPieces = connection.db
    .select({ id: jobLog.id, kind: jobLog.kind, bytes: jobLog.bytes })
    .from(jobLog)
    .where(
      and(
        eq(jobLog.jobSeq, sql.placeholder('seq')),
        gt(jobLog.id, sql.placeholder('after')),
        eq(jobLog.attempt, sql.placeholder('attempt')),
        ne(jobLog.kind, 'event'),
      ),
    )
    .orderBy(asc(jobLog.id))
    .limit(PIECES_PER_READ)
    .prepare()

  return (seq: number, cursor: OutputCursor | undefined): OutputRead | undefined =>
    connection.read(() => {
      const job = view(seq)
      if (!job) return undefined
      const attempt = attemptToRead(job)
      if (attempt === null) return { job, cursor: undefined, pieces: [] }
      const after = cursor?.attempt === attempt ? cursor.after : 0
      const pieces = selectPieces
        .all({ seq, after, attempt })
        .map((row): OutputPiece =>
          row.kind === 'head'
            ? { id: row.id, kind: 'head', head: readHead(row) }
            : { id: row.id, kind: 'body', bytes: row.bytes },
        )
      return { job, cursor: { attempt, after: pieces.at(-1)?.id ?? after }, pieces }
    })
}

/** The attempt whose output a reader gets. The output of a queued job's earlier attempts may not be its answer. */
const attemptToRead = ({ state, attempt, answerAttempt }: JobView): number | null => {
  if (state === 'running') return attempt
  return state === 'queued' ? null : answerAttempt
}
