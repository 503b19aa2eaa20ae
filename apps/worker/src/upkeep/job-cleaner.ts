import { isBusy, isFull, type Store } from '@foreman/store'
import type { Logger } from '../logger.ts'

const REST_MS = 10_000
/** Between two steps other processes get to write. */
const STEP_PAUSE_MS = 20

/** Deletes what has had its time, a short step after another. */
export class Housekeeper {
  readonly #store: Store
  readonly #logger: Logger
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined

  constructor({ store, logger, now }: { store: Store; logger: Logger; now: () => number }) {
    this.#store = store
    this.#logger = logger
    this.#now = now
  }

  start(): void {
    const round = () => {
      this.#timer = setTimeout(round, this.step() ? STEP_PAUSE_MS : REST_MS)
    }
    round()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** @returns whether there is more to do at once */
  step(): boolean {
    const { housekeeping } = this.#store
    try {
      const now = this.#now()
      const expired = housekeeping.pruneExpired(now)
      if (expired.pruned > 0) this.#logger.debug({ jobs: expired.pruned }, 'pruned ended jobs')
      const delivered = housekeeping.pruneDelivered(now)
      return expired.more || delivered.more || housekeeping.shrink().more
    } catch (error) {
      if (!isBusy(error) && !isFull(error)) throw error
      // On a full disk even deleting fails. It is tried again when there may be room.
      this.#logger.warn({ err: error }, 'housekeeping has to wait')
      return false
    }
  }
}
