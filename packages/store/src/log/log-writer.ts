import type { JobChange } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { sql } from '../drizzle.ts'
import { type HeaderPairs, jobLog } from '../schema.ts'
import type { Outbox } from './outbox.ts'

/** The status line and the end-to-end headers of an answer. */
export interface ResponseHead {
  readonly status: number
  readonly headers: HeaderPairs
}

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
    event: (jobSeq: number, attempt: number, at: number, event: JobChange): void => {
      insert.run({ jobSeq, attempt, kind: 'event', bytes: Buffer.from(JSON.stringify({ ...event, at })) })
      outbox.announce(jobSeq, event.type, at)
    },
  }
}
