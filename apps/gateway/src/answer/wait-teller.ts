import type { JobRef } from '@foreman/store'
import { ESTIMATE_EVERY_MS, FIRST_ESTIMATE_MS } from '../forecast/is-news.ts'
import { type Foretelling, prospectOf } from './beat.ts'
import type { CallerResponse } from './caller-response.ts'

export interface WaitTellerOptions extends Foretelling {
  readonly isWaiting: () => boolean
}

/**
 * Shows a caller how long its job waits, if its response has a place for that: not at once, because most jobs start before
 * anybody has read it, and then again where the words have changed, at most every `ESTIMATE_EVERY_MS`.
 */
export class WaitTeller {
  readonly #out: Pick<CallerResponse, 'showsWait' | 'show'>
  readonly #job: JobRef
  readonly #options: WaitTellerOptions
  #told = ''
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(out: Pick<CallerResponse, 'showsWait' | 'show'>, job: JobRef, options: WaitTellerOptions) {
    this.#out = out
    this.#job = job
    this.#options = options
    this.#tellIn(FIRST_ESTIMATE_MS)
  }

  /** To be called once the caller has its answer. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #tellIn(ms: number): void {
    if (this.#isStopped || !this.#out.showsWait) return
    this.#timer = setTimeout(() => void this.#tell().finally(() => this.#tellIn(ESTIMATE_EVERY_MS)), ms)
  }

  async #tell(): Promise<void> {
    const { isWaiting, logger } = this.#options
    if (!isWaiting() || !this.#out.showsWait) return
    const prospect = await prospectOf(this.#job, this.#options)
    // The job may have started meanwhile, and the caller may have left.
    if (!prospect || !isWaiting() || this.#isStopped || prospect.why.text === this.#told) return
    try {
      this.#out.show(prospect)
      this.#told = prospect.why.text
    } catch (error) {
      logger.error({ err: error, job: this.#job.id }, 'a wait could not be shown')
    }
  }
}
