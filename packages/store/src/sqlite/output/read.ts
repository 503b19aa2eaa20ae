import { isSameAttempt } from '../../same-attempt.ts'
import type { JobView, OutputCursor, OutputPiece, OutputRead } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { readHead } from '../log/log-rows.ts'
import type { View } from './view.ts'

/** A piece has at most 64 KiB, so one read brings at most 2 MiB into memory. */
const PIECES_PER_READ = 32

export const prepareRead = (connection: Connection, view: View) => {
  // Without Drizzle for speed: this runs at each change of a job that somebody waits for.
  const selectPieces = connection.sqlite.prepare(
    `SELECT id, kind, bytes FROM job_log
     WHERE job_seq = +? AND id > +? AND attempt = +? AND kind <> 'event' ORDER BY id LIMIT ${PIECES_PER_READ}`,
  )

  return (seq: number, cursor: OutputCursor | undefined): OutputRead | undefined =>
    connection.read(() => {
      const job = view(seq)
      if (!job) return undefined
      const attempt = attemptToRead(job)
      if (attempt === null) return { job, cursor: undefined, pieces: [], more: false }
      const begun = { attempt, token: attempt === job.attempt ? job.token : null, after: 0 }
      const { after } = cursor && isSameAttempt(cursor, begun, job) ? cursor : begun
      const pieces = (selectPieces.all(seq, after, attempt) as PieceRow[]).map((row): OutputPiece =>
        row.kind === 'head'
          ? { id: row.id, kind: 'head', head: readHead(row) }
          : { id: row.id, kind: 'body', bytes: row.bytes },
      )
      const more = pieces.length === PIECES_PER_READ
      return { job, cursor: { ...begun, after: pieces.at(-1)?.id ?? after }, pieces, more }
    })
}

interface PieceRow {
  readonly id: number
  readonly kind: 'head' | 'body'
  readonly bytes: Buffer
}

/** The attempt whose output a reader gets. The output of a queued job's earlier attempts may not be its answer. */
const attemptToRead = ({ state, attempt, answerAttempt }: JobView): number | null => {
  if (state === 'running') return attempt
  return state === 'queued' ? null : answerAttempt
}
