import type { Store } from '@foreman/store'
import { comeAgain } from '../http/refusal.ts'

/** How long a count is good for: counting a million jobs takes some 10 ms. */
const FRESH_MS = 1_000
const RETRY_AFTER_SECONDS = 30

/** Bounds how many jobs wait, for those who hand work over. */
export class Backlog {
  readonly #store: Store
  readonly #limit: number
  readonly #now: () => number
  #queued = 0
  #countedAt = -Infinity

  constructor({ store, limit, now }: { store: Store; limit: number; now: () => number }) {
    this.#store = store
    this.#limit = limit
    this.#now = now
  }

  /** @throws Refusal with 503 when there is no place for so many more */
  demand(jobs: number): void {
    const now = this.#now()
    if (Math.abs(now - this.#countedAt) >= FRESH_MS) {
      this.#queued = this.#store.records.queued()
      this.#countedAt = now
    }
    if (this.#queued + jobs > this.#limit)
      throw comeAgain(503, `the queue is full: ${this.#queued} jobs wait`, RETRY_AFTER_SECONDS, 'queue_full')
  }

  /** Counts what has been taken since. */
  add(jobs: number): void {
    this.#queued += jobs
  }
}
