/** Collects the pieces of a body in one buffer, so that a whole body is not in memory twice. */
export class GrowingBuffer {
  readonly #expectedBytes: number
  #buffer: Buffer = Buffer.alloc(0)
  #bytes = 0

  /** @param expectedBytes how long the body will be, as far as is known. So much memory is taken only as the body arrives */
  constructor(expectedBytes: number) {
    this.#expectedBytes = expectedBytes
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
    const doubled = 2 * least
    const size = least <= this.#expectedBytes ? Math.min(doubled, this.#expectedBytes) : doubled
    const grown = Buffer.allocUnsafeSlow(size)
    this.#buffer.copy(grown, 0, 0, this.#bytes)
    this.#buffer = grown
  }
}
