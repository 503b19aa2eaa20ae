/** Up to this size the buffer doubles. Copying more in one go would keep other callers waiting. */
const MAX_COPIED_BYTES = 8 * 1024 * 1024

/** Collects the pieces of a body in one buffer, so that a whole body is not in memory twice. */
export class GrowingBuffer {
  readonly #mostBytes: number
  #buffer: Buffer = Buffer.alloc(0)
  #bytes = 0

  /** @param mostBytes how long the body can become. So much memory is reserved at the most, and is used only as bytes arrive */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  append(piece: Buffer): void {
    const bytes = this.#bytes + piece.byteLength
    // Most bodies are one piece, which is not copied.
    if (this.#bytes === 0) this.#buffer = piece
    else {
      if (bytes > this.#buffer.byteLength) this.#grow(bytes)
      piece.copy(this.#buffer, this.#bytes)
    }
    this.#bytes = bytes
  }

  /** The whole body. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#bytes)
  }

  #grow(least: number): void {
    const size = least > MAX_COPIED_BYTES ? this.#mostBytes : Math.min(2 * least, this.#mostBytes)
    const grown = Buffer.allocUnsafeSlow(size)
    this.#buffer.copy(grown, 0, 0, this.#bytes)
    this.#buffer = grown
  }
}
