import type { Logger } from '@foreman/process/logger'
import { Backoff, mayPass } from '@foreman/store'

/**
 * What a loop does with the store again and again. What fails is logged with its stack, and the loop tries it again. The
 * pauses grow while it goes on failing, and so do those between the log lines. `what` tells the parts of a loop apart.
 */
export class StoreLoop {
  readonly #logger: Logger
  readonly #pacing = new Map<string, Backoff>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /**
   * Reads and writes once. Never rejects.
   *
   * @returns what `act` returns, or undefined when it failed
   */
  async try<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
    const backoff = this.#paceOf(what)
    try {
      const result = await act()
      backoff.succeeded()
      return result
    } catch (error) {
      this.failed(what, error)
      return undefined
    }
  }

  /** Notes a failure that was contained elsewhere. */
  failed(what: string, error: unknown): void {
    if (!this.#paceOf(what).failed()) return
    if (mayPass(error)) this.#logger.warn({ err: error }, `could not ${what}: the queue cannot be used now`)
    else this.#logger.error({ err: error }, `could not ${what}`)
  }

  /**
   * Does one of several steps within `try`. An error in it is logged, and the steps after it go on.
   *
   * @returns what `act` returns, or undefined when it failed
   * @throws the error of a store that cannot be used now: the steps after it would wait in vain as well
   */
  async step<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
    let passing: { readonly error: unknown } | undefined
    const result = await this.try(what, async () => {
      try {
        return await act()
      } catch (error) {
        if (!mayPass(error)) throw error
        passing = { error }
        return undefined
      }
    })
    if (passing) throw passing.error
    return result
  }

  /** How long to wait before what has failed is tried again. */
  pauseMs(what: string): number {
    return this.#paceOf(what).restMs
  }

  #paceOf(what: string): Backoff {
    const backoff = this.#pacing.get(what) ?? new Backoff()
    this.#pacing.set(what, backoff)
    return backoff
  }
}
