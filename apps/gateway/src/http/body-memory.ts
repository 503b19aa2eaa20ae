import { retryLater, type Refusal } from './refusal.ts'

/** A body up to this length is never refused: thousands of them take less than a few long ones. */
const SMALL_BYTES = 64 * 1024
const RETRY_AFTER_SECONDS = 5

/** The refusal of a body for which there is no memory now. */
export const tooManyBytes = (): Refusal =>
  retryLater(503, 'too many large uploads at the same time', RETRY_AFTER_SECONDS, 'too_many_bytes')

/** The part of one body. */
export interface BodyShare {
  /** Counts bytes that have come. This body or another may be refused for it. */
  readonly add: (bytes: number) => void
  /** The upload is over: from here on the body is not refused any more. */
  readonly complete: () => void
  /** The body is no longer in memory. */
  readonly release: () => void
}

interface Share {
  bytes: number
  readonly refuse: (refusal: Refusal) => void
}

/**
 * Limits the memory that the bodies of all requests take together. When a byte is too many, the largest upload is refused,
 * unless it is small: whoever sends little is served, however much others send. A body that is alone is not refused.
 */
export class BodyMemory {
  readonly #maxBytes: number
  readonly #smallBytes: number
  #bytes = 0
  /** The bodies that are still being sent. */
  readonly #uploads = new Set<Share>()

  constructor(maxBytes: number, smallBytes = SMALL_BYTES) {
    this.#maxBytes = maxBytes
    this.#smallBytes = smallBytes
  }

  /** How many bytes are in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param refuse is called once at the most, and ends the upload of this body */
  open(refuse: (refusal: Refusal) => void): BodyShare {
    const share: Share = { bytes: 0, refuse }
    this.#uploads.add(share)
    return {
      add: bytes => {
        share.bytes += bytes
        this.#bytes += bytes
        if (this.#bytes > this.#maxBytes && share.bytes < this.#bytes) this.#refuseLargest()
      },
      complete: () => this.#uploads.delete(share),
      release: () => this.#release(share),
    }
  }

  #refuseLargest(): void {
    let largest: Share | undefined
    for (const share of this.#uploads) if (share.bytes > (largest?.bytes ?? this.#smallBytes)) largest = share
    if (!largest) return
    this.#release(largest)
    largest.refuse(tooManyBytes())
  }

  #release(share: Share): void {
    this.#uploads.delete(share)
    this.#bytes -= share.bytes
    share.bytes = 0
  }
}
