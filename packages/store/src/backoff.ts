/** The first pause before something that failed is tried again, and the longest. */
const REPEAT_MS = { first: 200, most: 5_000 } as const
/** The first pause before a failure that goes on is reported again, and the longest. */
const REPORT_MS = { first: 1_000, most: 300_000 } as const

/**
 * Paces the repetition of something that fails, and the log lines about it: each pause is twice as long as the one
 * before it. What woke up early may be tried all the same: a failure within a pause neither counts nor is reported.
 *
 * @example
 * const backoff = new Backoff()
 * const look = () => {
 *   try {
 *     read()
 *     backoff.succeeded()
 *   } catch (err) {
 *     if (backoff.failed()) logger.warn({ err }, 'looking again later')
 *     setTimeout(look, backoff.restMs)
 *   }
 * }
 */
export class Backoff {
  readonly #repeat: Pace
  readonly #report: Pace

  /** @param now a clock in milliseconds that is never set back. Default: the clock of the process */
  constructor(now: () => number = () => performance.now()) {
    this.#repeat = new Pace(REPEAT_MS, now)
    this.#report = new Pace(REPORT_MS, now)
  }

  /** How long to wait before the next attempt: 0 after a success. */
  get restMs(): number {
    return this.#repeat.restMs
  }

  /** Notes a failure. @returns whether it should be reported */
  failed(): boolean {
    this.#repeat.pause()
    return this.#report.pause()
  }

  /** Notes a success. The next failure is the first again. */
  succeeded(): void {
    this.#repeat.reset()
    this.#report.reset()
  }
}

class Pace {
  readonly #limits: { readonly first: number; readonly most: number }
  readonly #now: () => number
  #ms = 0
  #endsAt = 0

  constructor(limits: { readonly first: number; readonly most: number }, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  get restMs(): number {
    return this.#ms === 0 ? 0 : Math.max(0, this.#endsAt - this.#now())
  }

  /** Starts a pause. @returns false while one goes on */
  pause(): boolean {
    if (this.restMs > 0) return false
    this.#ms = this.#ms === 0 ? this.#limits.first : Math.min(this.#ms * 2, this.#limits.most)
    this.#endsAt = this.#now() + this.#ms
    return true
  }

  reset(): void {
    this.#ms = 0
  }
}
