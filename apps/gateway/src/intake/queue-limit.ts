import { cached } from '../http/cached.ts'
import { retryLater } from '../http/refusal.ts'

const RETRY_AFTER_SECONDS = 30

export interface QueueLimitOptions {
  readonly limit: number
  /** Counts the queued jobs. For a million of them this takes about 10 ms. */
  readonly count: () => number
  readonly now: () => number
}

/** Limits how many jobs are queued. It applies to background jobs only. */
export class QueueLimit {
  readonly #limit: number
  readonly #counted: () => number
  /** Jobs that were submitted since the last count. */
  #added = 0

  constructor({ limit, count, now }: QueueLimitOptions) {
    this.#limit = limit
    const read = () => {
      const counted = count()
      this.#added = 0
      return counted
    }
    this.#counted = cached({ read, now })
  }

  /** @throws Refusal with 503 when the queue has no room for so many more jobs */
  ensureRoomFor(jobs: number): void {
    // Counting sets `#added` to 0, so it comes first.
    const counted = this.#counted()
    const queued = counted + this.#added
    if (queued + jobs > this.#limit)
      throw retryLater(503, `the queue is full: ${queued} jobs wait`, RETRY_AFTER_SECONDS, 'queue_full')
  }

  /** Notes that jobs were submitted. */
  add(jobs: number): void {
    this.#added += jobs
  }
}
