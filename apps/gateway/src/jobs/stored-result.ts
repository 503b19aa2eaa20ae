import { type JobAnswer, readAnswer } from '@foreman/job-view'
import { isEndState } from '@foreman/jobs'
import type { JobRecord, OutputCursor, OutputPiece, Store } from '@foreman/store'
import { problem, retryLater } from '../http/refusal.ts'
import { TimeSlice } from '../http/slices.ts'
import { Slots } from '../http/slots.ts'

/** The result of a longer answer is not shown. */
const MAX_ANSWER_MIB = 32
const MAX_ANSWER_BYTES = MAX_ANSWER_MIB * 1024 * 1024
const TOO_LONG = `the answer has more than ${MAX_ANSWER_MIB} MiB; /stream has it`

/** Of the answers that are longer than this, one is read at a time, because what is read of a stream is in memory. */
const LARGE_BYTES = 1024 * 1024
/** Results that were put together from streams are in memory until their callers have them. */
const MAX_HELD_BYTES = 128 * 1024 * 1024
const RETRY_AFTER_S = 5

/** What is shown of the answer of a job that has ended. */
export interface StoredResult extends Pick<JobAnswer, 'omitted' | 'errorText'> {
  /** The JSON of the result. */
  readonly json?: AsyncIterable<Uint8Array> | readonly Uint8Array[]
}

/** Reads what is shown of the answers of jobs. It reads in steps, and other requests are served in between. */
export class StoredResults {
  readonly #store: Store
  readonly #maxHeldBytes: number
  readonly #largeReads = new Slots(1)
  #heldBytes = 0

  constructor(store: Store, maxHeldBytes = MAX_HELD_BYTES) {
    this.#store = store
    this.#maxHeldBytes = maxHeldBytes
  }

  /**
   * Reads what is shown of a job's answer. It counts as in memory until it is disposed of.
   *
   * @throws Refusal with 503 when too many results are in memory
   */
  async open(job: JobRecord): Promise<StoredResult & Disposable> {
    const result = await this.#read(job)
    const bytes = heldBytes(result)
    if (this.#heldBytes + bytes > this.#maxHeldBytes)
      throw retryLater(503, 'too many long results are being sent', RETRY_AFTER_S)
    this.#heldBytes += bytes
    return { ...result, [Symbol.dispose]: () => void (this.#heldBytes -= bytes) }
  }

  async #read(job: JobRecord): Promise<StoredResult> {
    if (!isEndState(job.state)) return {}
    let reader: ReturnType<typeof readAnswer> | undefined
    let giveBack: (() => void) | undefined
    let bytes = 0
    try {
      for await (const piece of outputOf(this.#store, job)) {
        if (piece.kind === 'head') reader = readAnswer(job, piece.head)
        else {
          bytes += piece.bytes.byteLength
          if (bytes > MAX_ANSWER_BYTES) return { omitted: TOO_LONG }
          if (bytes > LARGE_BYTES) giveBack ??= await this.#largeReads.take()
          reader?.push(piece.bytes)
        }
      }
    } finally {
      giveBack?.()
    }
    const { result, ...rest } = reader?.read() ?? {}
    if (result === undefined) return rest
    return { ...rest, json: result === 'as_stored' ? bodyOf(this.#store, job, bytes) : result }
  }
}

/** The length of a result that is in memory. */
const heldBytes = ({ json = [] }: StoredResult): number =>
  'length' in json ? json.reduce((sum, { byteLength }) => sum + byteLength, 0) : 0

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
    const read = await store.output.read(seq, cursor)
    if (!read) return
    for (const piece of read.pieces) {
      yield piece
      if (slice.isOver) await slice.rest()
    }
    if (!read.more) return
    cursor = read.cursor
  }
}
