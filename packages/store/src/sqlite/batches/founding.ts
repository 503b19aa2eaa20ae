import { ArrivalLostError } from '../../errors.ts'
import type { AddedBatch, JobLine, NewBatch, RefusedLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

/** A batch to which nothing has been added for so long was given up. One with jobs goes with these. */
const SILENCE_MS = 30_000
/** A batch in which every line is bad has no jobs that keep it. */
const KEPT_EMPTY_MS = 24 * 3_600_000

export type Founding = ReturnType<typeof prepareFounding>

/**
 * Writes batches. A batch has a row, which nobody finds, before its jobs have theirs, so that these can name it; `settle` shows it,
 * in the unit that accepts the jobs. The caller opens the transaction.
 */
export const prepareFounding = ({ sqlite }: Connection) => {
  const insert = sqlite.prepare(
    `INSERT INTO batches (id, caller, created_at, jobs, endpoint, input_file, completion_window, metadata, expires_at)
     VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  )
  const selectSeq = sqlite.prepare('SELECT seq FROM batches WHERE id = +?').pluck()
  const insertLine = sqlite.prepare(
    `INSERT INTO batch_lines (batch, line, custom_id, job_seq, error_code, error_message) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  )
  const selectIsSubmitted = sqlite
    .prepare('SELECT submitted_at IS NOT NULL FROM batches WHERE id = +?')
    .pluck()
  const settle = prepareSettle({ sqlite })

  const seqOf = (id: string): number | undefined => selectSeq.get(id) as number | undefined

  return {
    begin: ({ id, caller, createdAt, origin }: NewBatch, now: number): number => {
      const { endpoint = null, inputFile = null, completionWindow = null, metadata = null } = origin ?? {}
      insert.run(id, caller, createdAt, endpoint, inputFile, completionWindow, metadata, now + SILENCE_MS)
      return seqOf(id)!
    },
    /** @throws ArrivalLostError when the batch was given up */
    existing: (id: string): number => {
      const seq = seqOf(id)
      if (seq === undefined) throw new ArrivalLostError('nothing was added to the batch for too long')
      return seq
    },
    addJob: (batch: number, { line, customId }: JobLine, jobSeq: number): void => {
      insertLine.run(batch, line, customId ?? null, jobSeq, null, null)
    },
    addRefused: (batch: number, { line, customId, errorCode, errorMessage }: RefusedLine): void => {
      insertLine.run(batch, line, customId ?? null, null, errorCode, errorMessage)
    },
    /** Shows a batch whose jobs are accepted, if it has any lines. @throws ArrivalLostError when it was given up */
    settle: ({ id, replay, at }: AddedBatch): void => {
      const batch = seqOf(id)
      if (batch !== undefined) settle(batch, replay, at)
      // Without new jobs nothing keeps the row, and nothing needs it.
      else if (replay === undefined) throw new ArrivalLostError('nothing was added to the batch for too long')
    },
    /** Whether `settle` has been called before. */
    wasSettled: ({ id, replay }: AddedBatch): boolean =>
      replay !== undefined || selectIsSubmitted.get(id) === 1,
  }
}

const prepareSettle = ({ sqlite }: Pick<Connection, 'sqlite'>) => {
  const countJobs = sqlite.prepare('SELECT count(*) FROM jobs WHERE batch = +?').pluck()
  const selectAnyLine = sqlite.prepare('SELECT 1 FROM batch_lines WHERE batch = +? LIMIT 1').pluck()
  const show = sqlite.prepare(
    `UPDATE batches SET jobs = @jobs, submitted_at = coalesce(submitted_at, @now), expires_at = @expiresAt
     WHERE seq = +@batch`,
  )
  const keepFile = sqlite.prepare(
    'UPDATE files SET expires_at = NULL WHERE complete AND seq = (SELECT input_file FROM batches WHERE seq = +?)',
  )
  const remove = sqlite.prepare('DELETE FROM batches WHERE seq = +?')
  const selectBatchOf = sqlite.prepare('SELECT batch FROM jobs WHERE seq = +?').pluck()
  const join = prepareJoin({ sqlite })

  return (batch: number, replay: number | undefined, now: number): void => {
    const first = replay === undefined ? null : (selectBatchOf.get(replay) as number | null)
    if (selectAnyLine.get(batch) === undefined) remove.run(batch)
    else if (first !== null && first !== batch) join(batch, first)
    else {
      const jobs = countJobs.get(batch) as number
      show.run({ batch, jobs, now, expiresAt: jobs > 0 ? null : now + KEPT_EMPTY_MS })
      keepFile.run(batch)
    }
  }
}

/** Moves the lines of a batch to the same lines of the batch that it repeats. */
const prepareJoin = ({ sqlite }: Pick<Connection, 'sqlite'>) => {
  const statements = [
    `UPDATE jobs SET batch = NULL WHERE seq IN
       (SELECT old.job_seq FROM batch_lines new JOIN batch_lines old ON old.batch = +@first AND old.line = new.line
        WHERE new.batch = +@batch)`,
    `INSERT OR REPLACE INTO batch_lines (batch, line, custom_id, job_seq, error_code, error_message)
       SELECT @first, line, custom_id, job_seq, error_code, error_message FROM batch_lines WHERE batch = +@batch`,
    'UPDATE jobs SET batch = @first WHERE batch = +@batch',
    'DELETE FROM batch_lines WHERE batch = +@batch',
    'DELETE FROM batches WHERE seq = +@batch',
    `UPDATE batches SET cancel_requested_at = NULL, finished_at = NULL,
       jobs = (SELECT count(*) FROM batch_lines WHERE batch = +@first AND job_seq IS NOT NULL)
     WHERE seq = +@first`,
  ].map(source => sqlite.prepare(source))

  return (batch: number, first: number): void => {
    for (const statement of statements) statement.run({ batch, first })
  }
}
