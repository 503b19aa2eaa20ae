import type { ResponseHead } from '@foreman/store'

/** What arrived since the last write: the head with the first of it, the pieces as they came. */
export interface Output {
  readonly head?: ResponseHead
  readonly body: readonly Uint8Array[]
}

/** So much may wait to be written before the target is asked to wait. */
const WAITING_BYTES = 1024 * 1024

/** Writes an answer one write after another; what arrives during one goes into the next, in one commit. */
export class OutputWriter {
  readonly #append: (output: Output) => Promise<void>
  /** Goes with the first byte: until there is one, another attempt may still bring another head. */
  #head: ResponseHead | undefined
  #pieces: Uint8Array[] = []
  #bytes = 0
  #writing: Promise<void> | undefined
  #hasFailed = false

  constructor(head: ResponseHead, append: (output: Output) => Promise<void>) {
    this.#head = head
    this.#append = append
  }

  /** Takes the next piece. The promise, where there is one, is to be waited for: too much is waiting, or a write failed. */
  push(piece: Uint8Array): Promise<void> | undefined {
    this.#pieces.push(piece)
    this.#bytes += piece.byteLength
    if (!this.#writing) {
      this.#writing = this.#writeAll()
      this.#writing.catch(() => (this.#hasFailed = true))
    }
    return this.#hasFailed || this.#bytes > WAITING_BYTES ? this.#writing : undefined
  }

  /** Resolves once everything is written, the head of an empty answer too. */
  async end(): Promise<void> {
    await this.#writing
    if (this.#head) await this.#append({ head: this.#head, body: [] })
  }

  async #writeAll(): Promise<void> {
    while (this.#pieces.length > 0) {
      const [head, body] = [this.#head, this.#pieces]
      this.#head = undefined
      this.#pieces = []
      this.#bytes = 0
      await this.#append(head ? { head, body } : { body })
    }
    this.#writing = undefined
  }
}
