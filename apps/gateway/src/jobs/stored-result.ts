import { type JobAnswer, readAnswer } from '@foreman/job-view'
import { isEndState } from '@foreman/jobs'
import type { JobRecord, OutputCursor, OutputPiece, Store } from '@foreman/store'
import { problem } from '../http/refusal.ts'
import { TimeSlice } from '../http/time-slice.ts'

/** The result of a longer answer is not shown. */
const MAX_ANSWER_MIB = 32
const MAX_ANSWER_BYTES = MAX_ANSWER_MIB * 1024 * 1024
const TOO_LONG = `the answer has more than ${MAX_ANSWER_MIB} MiB; /stream has it`

/** What is shown of the answer of a job that has ended. */
export interface StoredResult extends Pick<JobAnswer, 'omitted' | 'errorText'> {
  /** The JSON of the result. */
  readonly json?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** Reads what is shown of a job's answer. It is read in steps, and other requests are served in between. */
export const storedResult = async (store: Store, job: JobRecord): Promise<StoredResult> => {
  if (!isEndState(job.state)) return {}
  let reader: ReturnType<typeof readAnswer> | undefined
  let bytes = 0
  for await (const piece of outputOf(store, job)) {
    if (piece.kind === 'head') reader = readAnswer(job, piece.head)
    else {
      bytes += piece.bytes.byteLength
      if (bytes > MAX_ANSWER_BYTES) return { omitted: TOO_LONG }
      reader?.push(piece.bytes)
    }
  }
  const { result, ...rest } = reader?.read() ?? {}
  if (result === undefined) return rest
  return { ...rest, json: result === 'as_stored' ? bodyOf(store, job, bytes) : result }
}

/**
 * Reads the body of an answer once more. A long answer is not kept in memory while its caller reads it.
 *
 * @throws Refusal with 410 when the answer has been deleted since it was read first
 */
const bodyOf = async function* (store: Store, job: JobRecord, length: number): AsyncGenerator<Uint8Array> {
  let read = 0
  for await (const piece of outputOf(store, job)) {
    if (piece.kind !== 'body') continue
    read += piece.bytes.byteLength
    yield piece.bytes
  }
  if (read !== length) throw problem(410, 'job_expired', `the answer of job ${job.id} is no longer kept`)
}

const outputOf = async function* (store: Store, { seq }: JobRecord): AsyncGenerator<OutputPiece> {
  const slice = new TimeSlice()
  let cursor: OutputCursor | undefined
  for (;;) {
    const read = store.output.read(seq, cursor)
    if (!read || read.pieces.length === 0) return
    for (const piece of read.pieces) {
      yield piece
      if (slice.isOver) await slice.rest()
    }
    cursor = read.cursor
  }
}
