import { retryLater } from '../http/refusal.ts'

/** Ollama's own words, with two spaces. Clients look for exactly this text. */
const FULL = 'server busy, please try again.  maximum pending requests exceeded'
const RETRY_AFTER_SECONDS = 5

/** The place of one caller among those that wait. */
export interface WaitingSlot {
  /** Says whether the caller waits for its job to start. It waits again when the job goes back to the queue. */
  readonly setWaiting: (isWaiting: boolean) => void
}

/** Limits how many callers wait on their connections for their jobs to start. */
export class WaitingCallers {
  readonly #limit: number
  #waiting = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get waiting(): number {
    return this.#waiting
  }

  /**
   * Lets one more caller wait.
   *
   * @throws Refusal with 503 when as many as may wait are waiting
   */
  enter(): WaitingSlot {
    if (this.#waiting >= this.#limit) throw retryLater(503, FULL, RETRY_AFTER_SECONDS)
    let counted = 0
    const setWaiting = (isWaiting: boolean) => {
      this.#waiting += Number(isWaiting) - counted
      counted = Number(isWaiting)
    }
    setWaiting(true)
    return { setWaiting }
  }
}
