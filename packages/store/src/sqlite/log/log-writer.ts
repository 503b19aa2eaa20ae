import type { LoggedChange, ResponseHead } from '../../values.ts'
import type { Connection } from '../connection.ts'

/** Which job, and which of its attempts, an entry of the log belongs to. */
export interface JobAttempt {
  readonly seq: number
  readonly attempt: number
}

/** The longest piece of output in one row. A reader bounds its memory by counting rows. */
const MAX_LOG_BYTES = 64 * 1024

export type LogWriter = ReturnType<typeof logWriter>

/** Appends rows to the log of a job. The caller opens the transaction. */
export const logWriter = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs for each piece of each answer.
  const insert = sqlite.prepare('INSERT INTO job_log (job_seq, attempt, kind, bytes) VALUES (?, ?, ?, ?)')

  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

  return {
    /** @returns the id of the row */
    head: ({ seq, attempt }: JobAttempt, head: ResponseHead): number =>
      Number(insert.run(seq, attempt, 'head', json(head)).lastInsertRowid),
    /**
     * Writes what has arrived by now as few rows: each costs its writer and its readers about as much as hundreds of bytes.
     *
     * @returns the id of the last row. Undefined: there are no bytes
     */
    body: ({ seq, attempt }: JobAttempt, pieces: readonly Uint8Array[]): number | undefined => {
      let id: number | undefined
      const [first, ...others] = pieces
      const whole = first && others.length === 0 ? first : Buffer.concat(pieces)
      for (let at = 0; at < whole.byteLength; at += MAX_LOG_BYTES) {
        const piece = whole.subarray(at, at + MAX_LOG_BYTES)
        const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
        id = Number(insert.run(seq, attempt, 'body', bytes).lastInsertRowid)
      }
      return id
    },
    change: ({ seq, attempt }: JobAttempt, change: LoggedChange): void => {
      // The number of a damaged row may be too large for SQLite. The job must be able to end all the same.
      const number = Math.min(attempt, Number.MAX_SAFE_INTEGER)
      insert.run(seq, number, 'event', json(change))
    },
  }
}
