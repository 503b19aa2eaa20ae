import { cached } from '../http/cached.ts'
import { retryLater } from '../http/refusal.ts'

export interface QueueFileOptions {
  /** Whether the path of the queue still leads to the file that is open. */
  readonly isInPlace: () => boolean
  readonly now: () => number
}

/**
 * Notices that the file of the queue was deleted, moved or replaced. What is written into the open file is lost when this
 * process ends, and no other process sees it.
 */
export class QueueFile {
  readonly #isInPlace: () => boolean

  constructor({ isInPlace, now }: QueueFileOptions) {
    this.#isInPlace = cached({ read: isInPlace, now })
  }

  get isInPlace(): boolean {
    return this.#isInPlace()
  }

  /** @throws Refusal with 503 when the file is another one, or none */
  ensureInPlace(): void {
    if (!this.isInPlace) throw retryLater(503, 'the file of the queue was moved, deleted or replaced', 30)
  }
}
