import { comeAgain } from '../http/refusal.ts'

/** Ollama's own words, two spaces and all: clients look for them. */
const FULL = 'server busy, please try again.  maximum pending requests exceeded'
const RETRY_AFTER_SECONDS = 5

/** Counts the callers that wait on a connection for their jobs to begin. */
export class WaitingRoom {
  readonly #limit: number
  #waiting = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** @throws Refusal with 503 when it is full */
  enter(): Seat {
    if (this.#waiting >= this.#limit) throw comeAgain(503, FULL, RETRY_AFTER_SECONDS)
    let counts = 0
    const sit = (isWaiting: boolean) => {
      this.#waiting += Number(isWaiting) - counts
      counts = Number(isWaiting)
    }
    sit(true)
    return { sit }
  }
}

export interface Seat {
  /** Whether its caller is waiting: not while its job runs, and again when that has to be repeated. */
  readonly sit: (isWaiting: boolean) => void
}
