import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { isolate, tryWrite } from '../persist.ts'

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
  #state: 'new' | 'started' | 'stopped' = 'new'
  #timer: NodeJS.Timeout | undefined

  constructor(options: JobCleanerOptions) {
    this.#options = options
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
    return tryWrite(() => this.#deleteSome(), this.#options.logger, 'deleting expired jobs later') ?? false
  }

  #round(): void {
    const pauseMs = this.step() ? STEP_PAUSE_MS : REST_MS
    this.#timer = setTimeout(() => this.#round(), pauseMs)
  }

  #deleteSome(): boolean {
    const { store, logger, now } = this.#options
    const { housekeeping } = store
    const expired = isolate(() => housekeeping.pruneExpired(now()), logger, 'delete expired jobs')
    if (expired && expired.pruned > 0) logger.debug({ jobs: expired.pruned }, 'expired jobs deleted')
    const delivered = isolate(() => housekeeping.pruneDelivered(now()), logger, 'delete delivered answers')
    const arrivals = isolate(() => housekeeping.pruneArrivals(now()), logger, 'delete arrivals')
    if (expired?.more || delivered?.more || arrivals?.more) return true
    return isolate(() => housekeeping.shrink().more, logger, 'give free space back') ?? false
  }
}
