import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { FileLoop } from '../file-loop.ts'
import { Rounds } from './rounds.ts'

const REST_MS = 10_000

export interface JobCleanerOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

/** Deletes expired jobs and delivered answers, in short steps, and gives the free space back to the file system. */
export class JobCleaner implements Service {
  readonly #options: JobCleanerOptions
  readonly #loop: FileLoop
  readonly #rounds = new Rounds({ step: () => this.step(), restMs: REST_MS })

  constructor(options: JobCleanerOptions) {
    this.#options = options
    this.#loop = new FileLoop(options.logger)
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  /** @returns whether there is more to delete now */
  step(): boolean {
    return this.#loop.try('clean up', () => this.#deleteSome()) ?? false
  }

  #deleteSome(): boolean {
    const { store, logger, now } = this.#options
    const { housekeeping } = store
    const expired = this.#loop.step('delete expired jobs', () => housekeeping.pruneExpired(now()))
    if (expired && expired.pruned > 0) logger.debug({ jobs: expired.pruned }, 'expired jobs deleted')
    const delivered = this.#loop.step('delete delivered answers', () => housekeeping.pruneDelivered(now()))
    const arrivals = this.#loop.step('delete arrivals', () => housekeeping.pruneArrivals(now()))
    if (expired?.more || delivered?.more || arrivals?.more) return true
    return this.#loop.step('give free space back', () => housekeeping.shrink().more) ?? false
  }
}
