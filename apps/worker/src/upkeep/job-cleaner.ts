import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { StoreLoop } from '../store-loop.ts'
import { Rounds } from './rounds.ts'

const REST_MS = 10_000

export interface JobCleanerOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

/** Deletes expired jobs and delivered answers, in short steps, and gives the free space back. */
export class JobCleaner implements Service {
  readonly #options: JobCleanerOptions
  readonly #loop: StoreLoop
  readonly #rounds = new Rounds({ step: () => this.step(), restMs: REST_MS })

  constructor(options: JobCleanerOptions) {
    this.#options = options
    this.#loop = new StoreLoop(options.logger)
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  /** @returns whether there is more to delete now */
  async step(): Promise<boolean> {
    return (await this.#loop.try('clean up', () => this.#deleteSome())) ?? false
  }

  async #deleteSome(): Promise<boolean> {
    const { store, logger, now } = this.#options
    const { more, expired, failed } = await store.upkeep.step(now())
    if (expired > 0) logger.debug({ jobs: expired }, 'expired jobs deleted')
    for (const error of failed) this.#loop.failed('clean up all of it', error)
    return more
  }
}
