import type { Service } from '@foreman/process'

/** Between two steps other processes can write. */
const PAUSE_MS = 20

export interface RoundsOptions {
  /** Does a part of the work, without ever rejecting. Resolves with whether there is more to do now */
  readonly step: () => Promise<boolean>
  /** How long to wait when there is nothing more to do. */
  readonly restMs: number
  /** How long to wait while there is more to do. Default: 20 ms. */
  readonly pauseMs?: number | undefined
}

/**
 * Does a piece of work again and again, in short steps.
 *
 * Starting it twice is like starting it once. `stop()` may come at any time and more than once: no further step begins,
 * and what was stopped does not start again.
 */
export class Rounds implements Service {
  readonly #options: RoundsOptions
  #state: 'new' | 'started' | 'stopped' = 'new'
  #timer: NodeJS.Timeout | undefined

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'started'
    void this.#next()
  }

  stop(): void {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
  }

  async #next(): Promise<void> {
    const { step, restMs, pauseMs = PAUSE_MS } = this.#options
    const waitMs = (await step()) ? pauseMs : restMs
    if (this.#state === 'started') this.#timer = setTimeout(() => void this.#next(), waitMs)
  }
}
