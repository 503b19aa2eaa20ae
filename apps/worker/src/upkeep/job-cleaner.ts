import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { Chore } from './chore.ts'

const REST_MS = 10_000

export interface JobCleanerOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  /** Does some of what has to be done with jobs while they are there. Resolves with whether there is more of it. */
  readonly beforeDeleting: () => Promise<boolean>
}

/** Deletes expired jobs and delivered answers, in short steps, and gives the free space back. */
export class JobCleaner extends Chore {
  readonly #options: JobCleanerOptions

  constructor(options: JobCleanerOptions) {
    super({ ...options, what: 'clean up', restMs: REST_MS })
    this.#options = options
  }

  protected async doSome(): Promise<boolean> {
    const { store, logger, now, beforeDeleting } = this.#options
    if (await beforeDeleting()) return true
    const { more, expired, failed } = await store.upkeep.step(now())
    if (expired > 0) logger.debug({ jobs: expired }, 'expired jobs deleted')
    for (const error of failed) this.loop.failed('clean up all of it', error)
    return more
  }
}
