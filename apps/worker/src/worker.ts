import type { Service } from '@foreman/process'
import { Shift, type ShiftOptions } from './shift.ts'
import { Standby, type StandbyOptions } from './standby.ts'

export interface WorkerOptions extends ShiftOptions, Pick<StandbyOptions, 'pid' | 'figures'> {
  readonly graceMs: number
}

/**
 * Runs the jobs of one queue. Of several workers on a queue one is active, and the others stand by.
 *
 * Starting it twice is like starting it once. `stop()` may come at any time; a second one waits for the first. A
 * worker that was stopped does not start again.
 */
export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #standby: Standby
  #shift: Shift | undefined
  /** The end of a shift whose lock was lost. */
  #abandoned: Promise<void> | undefined
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#standby = new Standby({
      ...options,
      jobTtlMs: options.run.jobTtlMs,
      onActive: () => this.#beginShift(),
      onLost: () => this.#abandonShift(),
    })
  }

  /** Begins to work, or stands by until the worker that is active has gone. */
  start(): void {
    if (this.#started || this.#stopped) return
    this.#started = this.#standby.start()
  }

  /** Claims nothing more. Jobs that still run after the grace period go back to the queue. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Looks at the queue, if this worker is active. Resolves when a look that began after this call has ended. */
  async tick(): Promise<void> {
    await this.#shift?.tick()
  }

  #beginShift(): void {
    this.#shift = new Shift(this.#options)
    this.#shift.start()
  }

  async #abandonShift(): Promise<void> {
    const shift = this.#shift
    this.#shift = undefined
    this.#abandoned = shift?.abandon()
    await this.#abandoned
  }

  async #stop(): Promise<void> {
    await this.#standby.stopWaiting()
    await this.#started
    await this.#shift?.stop(this.#options.graceMs)
    await this.#abandoned
    await this.#standby.leave()
  }
}
