import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { GATEWAY_HEARTBEAT_MS, type Store } from '@foreman/store'
import { StoreLoop } from '../store-loop.ts'
import { Rounds } from './rounds.ts'
import { goneAmong, lookAgain, type Silences } from './silences.ts'

/** What one write cancels takes a few milliseconds, during which all other writers wait. */
const JOBS_PER_WRITE = 100

/** How long the worker waits for the heartbeats of gateways. */
export interface GatewayPatience {
  readonly lookMs: number
  readonly goneAfterMs: number
}

const PATIENCE: GatewayPatience = { lookMs: GATEWAY_HEARTBEAT_MS, goneAfterMs: 30_000 }

export interface GatewayWatchOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  /** A clock in milliseconds that nobody sets. */
  readonly steady: () => number
  /** How long the row of a job that ends here is kept. */
  readonly jobTtlMs: number
  /** Default: a look every 5 s; a gateway is gone after 30 s. */
  readonly patience?: GatewayPatience | undefined
  /** Called when the cancellation of jobs was written. */
  readonly onCancelled: () => void
}

/** Cancels the jobs whose callers were connected to a gateway that has died: nobody can come for their answers. */
export class GatewayWatch implements Service {
  readonly #options: GatewayWatchOptions
  readonly #patience: GatewayPatience
  readonly #loop: StoreLoop
  readonly #rounds: Rounds
  #silences: Silences = new Map()
  #lookedAt = 0

  constructor(options: GatewayWatchOptions) {
    this.#options = options
    this.#patience = options.patience ?? PATIENCE
    this.#loop = new StoreLoop(options.logger)
    this.#rounds = new Rounds({ step: () => this.#step(), restMs: this.#patience.lookMs })
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  /** @returns whether there are more jobs to cancel now */
  async #step(): Promise<boolean> {
    return (await this.#loop.try('look for gateways that have died', () => this.#look())) ?? false
  }

  async #look(): Promise<boolean> {
    const { store, steady } = this.#options
    const { lookMs, goneAfterMs } = this.#patience
    // While the store takes no writes, gateways that live cannot say so.
    if (store.state().faults.some(({ name }) => name === 'queue_not_writable')) {
      this.#silences = new Map()
      return false
    }
    const at = steady()
    const time = { passedMs: at - this.#lookedAt, mostMs: lookMs }
    this.#silences = lookAgain(this.#silences, await store.gateways.heartbeats(), time)
    this.#lookedAt = at
    const gone = goneAmong(this.#silences, goneAfterMs)
    let isMore = false
    for (const id of gone) isMore = (await this.#clearUpAfter(id)) || isMore
    return isMore
  }

  /** @returns whether the gateway may have more jobs to cancel */
  async #clearUpAfter(gateway: string): Promise<boolean> {
    const { store, logger, now, jobTtlMs, onCancelled } = this.#options
    const clearing = { limit: JOBS_PER_WRITE, now: now(), ttlMs: jobTtlMs }
    const { cancelled, more, broken } = await store.gateways.clearUpAfter(gateway, clearing)
    for (const error of broken) this.#loop.failed('cancel the job of a caller that is gone', error)
    if (cancelled === 0) return false
    logger.warn(
      { gateway, jobs: cancelled },
      'this gateway has died; the jobs of its waiting callers are cancelled',
    )
    onCancelled()
    return more
  }
}
