import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { StoreLoop } from '../store-loop.ts'
import { Rounds, type RoundsOptions } from './rounds.ts'

export interface ChoreOptions extends Pick<RoundsOptions, 'restMs' | 'pauseMs'> {
  readonly logger: Logger
  /** What it does, for log lines. */
  readonly what: string
}

/** Work on the store that comes again and again, done in short steps. */
export abstract class Chore implements Service {
  protected readonly loop: StoreLoop
  readonly #what: string
  readonly #rounds: Rounds

  constructor({ logger, what, restMs, pauseMs }: ChoreOptions) {
    this.loop = new StoreLoop(logger)
    this.#what = what
    this.#rounds = new Rounds({ step: () => this.step(), restMs, pauseMs })
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  /** @returns whether there is more to do now */
  async step(): Promise<boolean> {
    return (await this.loop.try(this.#what, () => this.doSome())) ?? false
  }

  /** Does a part of it. @returns whether there is more to do now */
  protected abstract doSome(): Promise<boolean>
}
