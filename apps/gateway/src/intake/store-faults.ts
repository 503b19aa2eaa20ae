import type { Logger } from '@foreman/process/logger'
import { Backoff, type StoreState } from '@foreman/store'
import { retryLater } from '../http/refusal.ts'

const RETRY_AFTER_SECONDS = 30

export interface StoreFaultsOptions {
  readonly state: () => Pick<StoreState, 'faults'>
  readonly logger: Logger
}

/** Refuses jobs while something is wrong with the store that would damage or lose them. */
export class StoreFaults {
  readonly #options: StoreFaultsOptions
  readonly #refusals = new Backoff()

  constructor(options: StoreFaultsOptions) {
    this.#options = options
  }

  /** @throws Refusal with 503 when something is wrong that jobs are refused for */
  ensureNone(): void {
    const { state, logger } = this.#options
    for (const { name, refusal } of state().faults) {
      if (refusal === undefined) continue
      if (this.#refusals.failed()) logger.error({ fault: name }, `${refusal}; jobs are refused`)
      throw retryLater(503, refusal, RETRY_AFTER_SECONDS)
    }
    this.#refusals.succeeded()
  }
}
