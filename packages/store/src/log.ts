import type { Connection } from './connection.ts'
import { sql } from './drizzle.ts'
import type { TerminalState } from './job-status.ts'
import type { Outbox } from './outbox.ts'
import { type HeaderPairs, jobLog } from './schema.ts'

/** The status line and the end-to-end headers of an answer. */
export interface ResponseHead {
  readonly status: number
  readonly headers: HeaderPairs
}

/** Why the worker chose this job's group (docs/scheduling.md). */
export type ChoiceReason = 'first' | 'resident' | 'drained' | 'overdue' | 'priority'

/** What a job's log says of its changes. */
export type JobEvent =
  | { type: 'queued' }
  | { type: 'started'; attempt: number; reason: ChoiceReason }
  /** What earlier attempts brought is void. */
  | { type: 'reset'; attempt: number }
  | { type: 'progress'; attempt: number; tokens: number }
  | { type: 'released'; attempt: number; code: string; availableAt?: number }
  | { type: 'lost'; attempt: number }
  | { type: 'cancel_requested' }
  | { type: TerminalState; attempt: number; code?: string }

/** The longest piece of output that one row holds: a reader may then bound its memory by counting rows. */
const MAX_LOG_BYTES = 64 * 1024

export type LogWriter = ReturnType<typeof logWriter>

/** Appends to the log, and tells the outbox of every event; the caller has the transaction and has made the change. */
export const logWriter = ({ db }: Connection, outbox: Outbox) => {
  const insert = db
    .insert(jobLog)
    .values({
      jobSeq: sql.placeholder('jobSeq'),
      attempt: sql.placeholder('attempt'),
      kind: sql.placeholder('kind'),
      bytes: sql.placeholder('bytes'),
    })
    .prepare()

  return {
    head: (jobSeq: number, attempt: number, head: ResponseHead): void => {
      insert.run({ jobSeq, attempt, kind: 'head', bytes: Buffer.from(JSON.stringify(head)) })
    },
    body: (jobSeq: number, attempt: number, bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.byteLength; at += MAX_LOG_BYTES) {
        const piece = bytes.subarray(at, at + MAX_LOG_BYTES)
        insert.run({
          jobSeq,
          attempt,
          kind: 'body',
          bytes: Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength),
        })
      }
    },
    event: (jobSeq: number, attempt: number, at: number, event: JobEvent): void => {
      insert.run({ jobSeq, attempt, kind: 'event', bytes: Buffer.from(JSON.stringify({ ...event, at })) })
      outbox.announce(jobSeq, event.type, at)
    },
  }
}
