import type { HoldRow, Store } from '@foreman/store'
import { cached } from '../http/cached.ts'
import { retryLater } from '../http/refusal.ts'
import { whenAvailable } from '../http/when-available.ts'

/** When callers may try again where nobody has said how long the queue is closed, and at the latest. */
const RETRY_AFTER_SECONDS = 60
const MAX_RETRY_AFTER_SECONDS = 3_600

export interface ClosureOptions {
  readonly store: { readonly holds: Pick<Store['holds'], 'list'> }
  readonly now: () => number
}

/** Refuses jobs while an operator has closed the queue. Heeds what another gateway was told within a second. */
export class Closure {
  readonly #options: ClosureOptions
  #holds: () => Promise<readonly HoldRow[]>

  constructor(options: ClosureOptions) {
    this.#options = options
    this.#holds = this.#cachedHolds()
  }

  /** Looks again next time, because an operator has changed something here. */
  forget(): void {
    this.#holds = this.#cachedHolds()
  }

  /** @throws Refusal with 503 while the queue is closed */
  async ensureOpen(): Promise<void> {
    const holds = await whenAvailable(this.#holds)
    const close = holds.find(({ kind }) => kind === 'close')
    if (!close) return
    const now = this.#options.now()
    const { until } = close
    if (until !== null && until <= now) return
    const seconds = until === null ? RETRY_AFTER_SECONDS : Math.ceil((until - now) / 1_000)
    const afterSeconds = Math.min(seconds, MAX_RETRY_AFTER_SECONDS)
    throw retryLater(503, 'the queue is closed: an operator lets it take no jobs', afterSeconds, 'closed')
  }

  #cachedHolds(): () => Promise<readonly HoldRow[]> {
    const { store, now } = this.#options
    return cached({ read: () => store.holds.list(now()), now })
  }
}
