import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { type CancelResult, GATEWAY_HEARTBEAT_MS, type JobRef, type Store } from '@foreman/store'
import { FileLoop } from '../file-loop.ts'
import { Rounds } from './rounds.ts'
import { goneAmong, lookAgain, type Silences } from './silences.ts'

/** What one commit cancels takes a few milliseconds, during which all other writers wait. */
const JOBS_PER_COMMIT = 100

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
  readonly #loop: FileLoop
  readonly #rounds: Rounds
  #silences: Silences = new Map()
  #lookedAt = 0

  constructor(options: GatewayWatchOptions) {
    this.#options = options
    this.#patience = options.patience ?? PATIENCE
    this.#loop = new FileLoop(options.logger)
    this.#rounds = new Rounds({ step: () => this.#step(), restMs: this.#patience.lookMs })
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  /** @returns whether there are more jobs to cancel now */
  #step(): boolean {
    return this.#loop.try('look for gateways that have died', () => this.#look()) ?? false
  }

  #look(): boolean {
    const { store, steady } = this.#options
    const { lookMs, goneAfterMs } = this.#patience
    // While the file takes no writes, gateways that live cannot say so.
    if (!store.housekeeping.canWrite()) {
      this.#silences = new Map()
      return false
    }
    const at = steady()
    const time = { passedMs: at - this.#lookedAt, mostMs: lookMs }
    this.#silences = lookAgain(this.#silences, store.gateways.heartbeats(), time)
    this.#lookedAt = at
    const gone = goneAmong(this.#silences, goneAfterMs)
    return gone.map(id => this.#clearUpAfter(id)).includes(true)
  }

  /** @returns whether the gateway may have more jobs to cancel */
  #clearUpAfter(gateway: string): boolean {
    const { store, logger, onCancelled } = this.#options
    const jobs = store.gateways.jobsOf(gateway, JOBS_PER_COMMIT)
    if (jobs.length === 0) {
      store.gateways.forget(gateway)
      return false
    }
    const results = store.atOnce('full', () => jobs.map(job => this.#cancel(job)))
    const cancelled = results.filter(result => result !== undefined).length
    if (cancelled === 0) return false
    logger.warn(
      { gateway, jobs: cancelled },
      'this gateway has died; the jobs of its waiting callers are cancelled',
    )
    onCancelled()
    return jobs.length === JOBS_PER_COMMIT
  }

  #cancel(job: JobRef): CancelResult | undefined {
    const { store, now, jobTtlMs } = this.#options
    return this.#loop.step('cancel the job of a caller that is gone', () =>
      store.submissions.cancel(job, now(), jobTtlMs),
    )
  }
}
