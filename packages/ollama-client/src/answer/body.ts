import { Readable } from 'node:stream'

/** How many bytes are read from the connection before the reader asks for them. */
const AHEAD_BYTES = 64 * 1024

/**
 * Passes on the chunks of `source` as they arrive. If the source fails, the reader first gets everything that arrived before,
 * and then the failure, even if it begins to read later.
 */
export class AnswerBody extends Readable {
  readonly #source: Readable
  readonly #onClose: () => void
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #isAwaited = false
  #end: { error: Error | undefined } | undefined

  /** @param onClose called once, when the body was read to its end, has failed or was destroyed */
  constructor(source: Readable, onClose: () => void) {
    // With 0, nothing is buffered twice and no two chunks are joined.
    super({ highWaterMark: 0 })
    this.#source = source
    this.#onClose = onClose
    // An abort can come before there is a reader. The reader gets the error when it reads; until then, the error must not end
    // the process.
    this.on('error', () => {})
    source.on('data', (chunk: Buffer) => this.#take(chunk))
    source.once('end', () => this.breakOff(undefined))
  }

  /** Ends the body when everything that has arrived is read, with this error if there is one. */
  breakOff(error: Error | undefined): void {
    this.#end ??= { error }
    if (this.#isAwaited) this._read()
  }

  override _read(): void {
    this.#isAwaited = false
    const chunk = this.#waiting.shift()
    if (chunk !== undefined) {
      this.#waitingBytes -= chunk.length
      this.push(chunk)
    } else if (this.#end?.error) {
      this.destroy(this.#end.error)
    } else if (this.#end) {
      this.push(null)
    } else {
      this.#isAwaited = true
      this.#source.resume()
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#waiting.length = 0
    this.#onClose()
    done(error)
  }

  #take(chunk: Buffer): void {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#isAwaited) this._read()
    if (this.#waitingBytes >= AHEAD_BYTES) this.#source.pause()
  }
}
