import type { Logger } from '@foreman/process/logger'
import { type Claim, isUnavailable, type Received, type ResponseHead, type Store } from '@foreman/store'
import { persist } from '../persist.ts'

/** With more than this waiting to be written, the target has to wait. */
const MAX_WAITING_BYTES = 1024 * 1024
const PROGRESS_MS = 1_000

export interface JobLogOptions {
  readonly store: Store
  readonly claim: Claim
  readonly logger: Logger
  readonly now: () => number
  /** Aborting it ends the wait for a store that takes no writes now. */
  readonly signal: AbortSignal
  /** Called when the store has been told how far the job is. */
  readonly onProgress: () => void
}

/**
 * Writes what one attempt brings into the job's log: the head of the answer, the body as it arrives, and how far the
 * job is. One write follows another; what arrives in one turn, or during a write, goes into one write. What is left when the
 * answer ends is written with the end of the job, so that a short answer takes one commit.
 */
export class JobLog {
  readonly #options: JobLogOptions
  #head: ResponseHead | undefined
  #pieces: Uint8Array[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined
  /** The end of the turn, which may bring more to be written. */
  #turn: NodeJS.Immediate | undefined
  #hasEnded = false
  #hasFailed = false
  #hasOutput = false
  /** The id of the last entry that this run has appended to the log. */
  #last = 0
  #progressAt: number | undefined

  constructor(options: JobLogOptions) {
    this.#options = options
  }

  /**
   * Whether a part of the body may be in the store, so that a streaming caller may have it. A piece that waits to be written
   * does not count yet: call `settled()` before you decide by it.
   */
  get hasOutput(): boolean {
    return this.#hasOutput
  }

  /** Whether a part of the body has arrived, so that a streaming caller has it or will have it. */
  get hasReceived(): boolean {
    return this.#hasOutput || this.#writing !== undefined || this.#pieces.length > 0
  }

  /** The id of the last entry in the log. Undefined: nothing is written so far. */
  get lastEntry(): number | undefined {
    return this.#last === 0 ? undefined : this.#last
  }

  /** Takes the head. It is written with the first piece of the body: until then another attempt may bring another. */
  head(head: ResponseHead): void {
    this.#head = head
  }

  /**
   * Takes the next piece of the body.
   *
   * @returns a promise to wait for when too much waits to be written, or when a write has failed: it then rejects with
   * what the write threw, such as JobLostError
   */
  body(piece: Uint8Array): Promise<void> | undefined {
    this.#pieces.push(piece)
    this.#waitingBytes += piece.byteLength
    if (!this.#writing) this.#turn ??= setImmediate(() => this.#write())
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#write()
    return this.#hasFailed || this.#waitingBytes > MAX_WAITING_BYTES ? this.#writing : undefined
  }

  /** The answer is here to its end. Resolves when nothing is being written, and `rest` is what is left. */
  async end(): Promise<void> {
    this.#hasEnded = true
    clearImmediate(this.#turn)
    await this.#writing
  }

  /** What is to be written with the end of the job. Undefined: everything is written. */
  get rest(): Received | undefined {
    // Behind a write that has failed there would be a gap.
    if (!this.#hasEnded || this.#hasFailed || (!this.#head && this.#pieces.length === 0)) return undefined
    return { head: this.#head, body: this.#pieces }
  }

  /** Resolves when nothing waits to be written any more, whether or not it could be written. */
  async settled(): Promise<void> {
    if (!this.#hasEnded) this.#write()
    await this.#writing?.catch(() => undefined)
  }

  /** Writes how many tokens have arrived, at most once a second. A failure is ignored: the next note replaces it. */
  progress(tokens: number): void {
    const at = performance.now()
    this.#progressAt ??= at
    if (at - this.#progressAt < PROGRESS_MS) return
    this.#progressAt = at
    const { store, claim, logger, now, onProgress } = this.#options
    const noted = store.runs.progress(claim, { tokens, now: now() }).then(onProgress)
    noted.catch((error: unknown) => logger.debug({ err: error }, 'progress could not be noted'))
  }

  /** Writes what waits, unless that is being done. */
  #write(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    if (this.#writing || this.#pieces.length === 0) return
    this.#writing = this.#writeAll()
    this.#writing.catch(() => (this.#hasFailed = true))
  }

  async #writeAll(): Promise<void> {
    while (this.#pieces.length > 0 && !this.#hasEnded) {
      const [head, body] = [this.#head, this.#pieces]
      this.#head = undefined
      this.#pieces = []
      this.#waitingBytes = 0
      await this.#append(head ? { head, body } : { body })
      this.#hasOutput = true
    }
    this.#writing = undefined
  }

  async #append(output: { head?: ResponseHead; body: readonly Uint8Array[] }): Promise<void> {
    const { store, claim, logger, signal } = this.#options
    const append = async () => {
      try {
        return await store.runs.append(claim, { ...output, after: this.#last })
      } catch (error) {
        // Nobody knows whether it took effect, so the caller may have it.
        if (isUnavailable(error) && output.body.length > 0) this.#hasOutput = true
        throw error
      }
    }
    this.#last = await persist(append, logger, signal)
  }
}
