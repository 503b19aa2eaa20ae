import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { FileLoop } from '../file-loop.ts'

const REST_MS = 10_000
/** Between two steps other processes can write. */
const STEP_PAUSE_MS = 20

export interface JobCleanerOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

/**
 * Deletes expired jobs and delivered answers, in short steps, and gives the free space back to the file system.
 *
 * Starting it twice is like starting it once. `stop()` may come at any time and more than once: no further step
 * begins, and a cleaner that was stopped does not start again.
 */
export class JobCleaner implements Service {
  readonly #options: JobCleanerOptions
  readonly #loop: FileLoop
  #state: 'new' | 'started' | 'stopped' = 'new'
  #timer: NodeJS.Timeout | undefined

  constructor(options: JobCleanerOptions) {
    this.#options = options
    this.#loop = new FileLoop(options.logger)
  }

  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'started'
    this.#round()
  }

  stop(): void {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
  }

  /** @returns whether there is more to delete now */
  step(): boolean {
    return this.#loop.try('clean up', () => this.#deleteSome()) ?? false
  }

  #round(): void {
    const pauseMs = this.step() ? STEP_PAUSE_MS : REST_MS
    this.#timer = setTimeout(() => this.#round(), pauseMs)
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
