/** Up to this size the buffer doubles. Copying more in one go would keep other callers waiting. */
const MAX_COPIED_BYTES = 8 * 1024 * 1024

/**
 * Collects the pieces of a body in one buffer, so that a whole body is not in memory twice. Memory that is no longer needed
 * is freed at once: a garbage collection can come seconds later, when other bodies have taken as much again, and an idle
 * process has none.
 */
export class GrowingBuffer {
  readonly #mostBytes: number
  #buffer: Buffer = Buffer.alloc(0)
  /** Whether the buffer belongs to this object alone. The first piece belongs to its socket. */
  #isOwn = false
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

  /** Frees the memory. Nobody may use what `bytes` has returned any more. */
  discard(): void {
    this.#replace(Buffer.alloc(0), false)
    this.#bytes = 0
  }

  #grow(least: number): void {
    const size = least > MAX_COPIED_BYTES ? this.#mostBytes : Math.min(2 * least, this.#mostBytes)
    const grown = Buffer.allocUnsafeSlow(size)
    this.#buffer.copy(grown, 0, 0, this.#bytes)
    this.#replace(grown, true)
  }

  #replace(buffer: Buffer, isOwn: boolean): void {
    const { buffer: memory } = this.#buffer
    // What has been transferred is freed without a garbage collection.
    if (this.#isOwn && memory instanceof ArrayBuffer) memory.transfer(0)
    this.#buffer = buffer
    this.#isOwn = isOwn
  }
}
