import { cached } from '../http/cached.ts'
import { problem, retryLater } from '../http/refusal.ts'

const RETRY_AFTER_SECONDS = 30

export interface QueueLimitOptions {
  readonly limit: number
  /** Counts the queued jobs. For a million of them this takes about 10 ms. */
  readonly count: () => Promise<number>
  readonly now: () => number
}

/** Limits how many jobs are queued. It applies to background jobs only. */
export class QueueLimit {
  readonly #limit: number
  readonly #counted: () => Promise<number>
  /** Jobs that were submitted since the last count began. */
  #added = 0

  constructor({ limit, count, now }: QueueLimitOptions) {
    this.#limit = limit
    const read = async () => {
      const before = this.#added
      const counted = await count()
      // Nobody knows whether it has the jobs that were added meanwhile. They count twice for a second, rather than not at all.
      this.#added -= before
      return counted
    }
    this.#counted = cached({ read, now })
  }

  /** @throws Refusal with 503 when the queue has no room for so many more jobs at present, and with 413 when it never has */
  async ensureRoomFor(jobs: number): Promise<void> {
    if (jobs > this.#limit)
      throw problem(413, 'too_many_jobs', `${jobs} jobs are too many: the queue has room for ${this.#limit}`)
    // Counting changes `#added`, so it comes first.
    const counted = await this.#counted()
    const queued = counted + this.#added
    if (queued + jobs > this.#limit)
      throw retryLater(503, `the queue is full: ${queued} jobs wait`, RETRY_AFTER_SECONDS, 'queue_full')
  }

  /** Notes that jobs were submitted. */
  add(jobs: number): void {
    this.#added += jobs
  }
}
