import { Readable } from 'node:stream'

/** What is taken from the connection ahead of the reader. */
const AHEAD_BYTES = 64 * 1024

/**
 * The bytes of `source`, each chunk as it came, with an end of its own: what arrived before a failure is read before
 * the failure is met, also by a reader that comes late.
 */
export class AnswerBody extends Readable {
  readonly #source: Readable
  readonly #onClose: () => void
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #isAwaited = false
  #end: { error: Error | undefined } | undefined

  /** `onClose` is called once, whether it was read to its end, failed or was left. */
  constructor(source: Readable, onClose: () => void) {
    // Nothing is buffered twice, and a chunk is not glued to the next.
    super({ highWaterMark: 0 })
    this.#source = source
    this.#onClose = onClose
    // An abort may come before there is a reader: it is told when it reads, and must not end the process.
    this.on('error', () => {})
    source.on('data', (chunk: Buffer) => this.#take(chunk))
    source.once('end', () => this.breakOff(undefined))
  }

  /** Ends the body once all that has arrived is read: well without an error, else with it. */
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
