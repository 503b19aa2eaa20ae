import type { JobState } from '@foreman/jobs'
import type { Connection } from './connection.ts'
import { and, asc, desc, eq, gt, ne, sql } from './drizzle.ts'
import { readHead, type ResponseHead } from './log/log-rows.ts'
import { jobLog, jobs } from './schema.ts'

export interface JobView {
  readonly id: string
  readonly state: JobState
  readonly attempt: number
  readonly answerAttempt: number | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
}

/** A piece of what one attempt brought: the head first, then the body in the pieces in which it came. */
export type OutputPiece =
  | { readonly id: number; readonly kind: 'head'; readonly head: ResponseHead }
  | { readonly id: number; readonly kind: 'body'; readonly bytes: Buffer }

/** Where a reader stands: the attempt whose output it reads, and the last piece it has. */
export interface OutputCursor {
  readonly attempt: number
  readonly after: number
}

/** Pieces of 64 kB at most: what one read can bring into memory. */
const PIECES_PER_READ = 32
const CHANGES_PER_READ = 2_000

/** The verbs of those who follow a job. */
export const output = (connection: Connection) => {
  const { db } = connection
  const selectView = db
    .select({
      id: jobs.id,
      state: jobs.state,
      attempt: jobs.attempt,
      answerAttempt: jobs.answerAttempt,
      errorCode: jobs.errorCode,
      errorMessage: jobs.errorMessage,
    })
    .from(jobs)
    .where(eq(jobs.seq, sql.placeholder('seq')))
    .prepare()
  const selectPieces = db
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
  const selectChanges = db
    .select({ id: jobLog.id, jobSeq: jobLog.jobSeq })
    .from(jobLog)
    .where(gt(jobLog.id, sql.placeholder('after')))
    .orderBy(asc(jobLog.id))
    .limit(CHANGES_PER_READ)
    .prepare()
  const selectLast = db.select({ id: jobLog.id }).from(jobLog).orderBy(desc(jobLog.id)).limit(1).prepare()

  return {
    view: (seq: number): JobView | undefined => selectView.get({ seq }),

    /**
     * The job and the next pieces of its output, on one snapshot: of the attempt that runs, or of the one that is
     * the answer, from its beginning when the cursor is of another. A job that waits has none: what its earlier
     * attempts brought is nobody's answer yet.
     */
    read: (
      seq: number,
      cursor: OutputCursor | undefined,
    ): { job: JobView; cursor: OutputCursor | undefined; pieces: OutputPiece[] } | undefined =>
      connection.read(() => {
        const job = selectView.get({ seq })
        if (!job) return undefined
        const attempt =
          job.state === 'running' ? job.attempt : job.state === 'queued' ? null : job.answerAttempt
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
      }),

    /** The jobs whose log grew after `after`, and up to where this answer goes. */
    changesSince: (after: number): { upTo: number; jobSeqs: Set<number> } => {
      const jobSeqs = new Set<number>()
      let upTo = after
      for (;;) {
        const rows = selectChanges.all({ after: upTo })
        for (const { id, jobSeq } of rows) {
          jobSeqs.add(jobSeq)
          upTo = id
        }
        if (rows.length < CHANGES_PER_READ) return { upTo, jobSeqs }
      }
    },

    /** The end of the log as it is now. */
    lastChange: (): number => selectLast.get()?.id ?? 0,
  }
}
