import type { Logger } from '@foreman/process/logger'
import type { CountRequest, Store } from '@foreman/store'
import { Chore } from './chore.ts'

/** Whoever reads what was counted reads it so late at the most, while a worker is there. */
const REST_MS = 1_000
/** Jobs go first. In steps of 500, these are 5,000 changes a second, and more than a target makes. */
const PAUSE_MS = 100
const SAMPLE_EVERY_MS = 60_000
const PRUNE_EVERY_MS = 3_600_000

export interface CounterOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  /** How long what happened is kept. */
  readonly historyMs: number
  readonly fits: () => number
  readonly loadMsOf: CountRequest['loadMsOf']
}

/** Counts what happens to jobs, looks at the queue once a minute, and deletes what happened long ago. In short steps. */
export class Counter extends Chore {
  readonly #options: CounterOptions
  #isBehind = false
  #sampledAt = -Infinity
  #prunedAt = -Infinity

  constructor(options: CounterOptions) {
    super({ ...options, what: 'count what happened', restMs: REST_MS, pauseMs: PAUSE_MS })
    this.#options = options
  }

  /** Counts what has happened until now, unless that is too much: then its own rounds do. @returns whether there is more of it */
  async catchUp(): Promise<boolean> {
    return this.#isBehind || this.#countSome()
  }

  protected async doSome(): Promise<boolean> {
    const { store, historyMs, now: clock } = this.#options
    const now = clock()
    const counted = await this.#countSome()
    // A clock that was set back makes the time since negative.
    if (Math.abs(now - this.#sampledAt) >= SAMPLE_EVERY_MS) {
      await store.history.sample(now)
      this.#sampledAt = now
    }
    if (Math.abs(now - this.#prunedAt) < PRUNE_EVERY_MS) return counted
    const pruned = await store.history.prune(now - historyMs)
    if (!pruned) this.#prunedAt = now
    return counted || pruned
  }

  async #countSome(): Promise<boolean> {
    const { store, now, fits, loadMsOf } = this.#options
    // Most calls find nothing. These must not make other processes wait for the write lock.
    this.#isBehind =
      (await store.history.isDue()) && (await store.history.count({ now: now(), fits: fits(), loadMsOf }))
    return this.#isBehind
  }
}
