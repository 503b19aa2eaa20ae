import type { Logger } from '@foreman/process/logger'
import { HEARTBEAT_MS, type Lock, type ProcessFigures, type Store } from '@foreman/store'
import { randomUUID } from 'node:crypto'
import { writeQuietly } from './persist.ts'
import { StoreLoop } from './store-loop.ts'

const LOCK_POLL_MS = 250

export interface StandbyOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly pid: number
  /** What this process says of itself with each heartbeat. */
  readonly figures: () => ProcessFigures
  /** How long a lost job that ends here is kept. */
  readonly jobTtlMs: number
  /** Called when this worker has become the active one. */
  readonly onActive: () => void
  /** Called when it is no longer, because the store gave its lock away. Resolves when it has ended its work. */
  readonly onLost: () => Promise<void>
}

/**
 * Decides which worker of a queue is active: the one that holds the lock. The others stand by and take over when the lock is
 * free, which it is as soon as the active worker's process has ended. Also writes this worker's heartbeat.
 */
export class Standby {
  readonly #options: StandbyOptions
  readonly #identity: { readonly id: string; readonly pid: number; readonly startedAt: number }
  readonly #loop: StoreLoop
  #lock: Lock | undefined
  #takingOver: Promise<boolean> | undefined
  #lockTimer: NodeJS.Timeout | undefined
  #heartbeatTimer: NodeJS.Timeout | undefined
  #isLeaving = false

  constructor(options: StandbyOptions) {
    this.#options = options
    this.#loop = new StoreLoop(options.logger)
    this.#identity = { id: randomUUID(), pid: options.pid, startedAt: options.now() }
  }

  get isActive(): boolean {
    return this.#lock !== undefined
  }

  /** Becomes active, now or when the worker that is active has gone. To be called once. Resolves after the first try. */
  async start(): Promise<void> {
    this.#heartbeatTimer = setInterval(() => void this.#beat(), HEARTBEAT_MS)
    await this.#beat()
    if ((await this.#tryToTakeOver()) || this.#isLeaving) return
    this.#options.logger.info('standing by')
    this.#wait()
  }

  /** Does not take over any more. A worker that is active stays active, and the heartbeat goes on. */
  async stopWaiting(): Promise<void> {
    this.#isLeaving = true
    clearInterval(this.#lockTimer)
    await this.#takingOver
  }

  /** Ends the heartbeat, and lets another worker take over. */
  async leave(): Promise<void> {
    const { store, logger } = this.#options
    await this.stopWaiting()
    clearInterval(this.#heartbeatTimer)
    await writeQuietly(() => store.workers.leave(this.#identity.id), logger, 'remove the row of this worker')
    this.#lock?.release()
    this.#lock = undefined
  }

  #wait(): void {
    this.#lockTimer = setInterval(() => void this.#tryToTakeOver(), LOCK_POLL_MS)
  }

  #tryToTakeOver(): Promise<boolean> {
    this.#takingOver ??= this.#loop
      .try('take over', () => this.#takeOver())
      .then(isActive => isActive ?? false)
      .finally(() => (this.#takingOver = undefined))
    return this.#takingOver
  }

  async #takeOver(): Promise<boolean> {
    const { store, logger, onActive } = this.#options
    if (this.#isLeaving) return false
    let isLost = false
    const onLost = () => {
      isLost = true
      void this.#lose()
    }
    const lock = await store.locks.take('worker', onLost)
    if (!lock) return false
    if (!(await this.#recover()) || isLost || this.#isLeaving) {
      // Whoever has the lock next tries again.
      lock.release()
      return false
    }
    this.#lock = lock
    clearInterval(this.#lockTimer)
    void this.#beat()
    logger.info('at work')
    onActive()
    return true
  }

  /** Another worker may be active now. This one stands by again, once it has ended its work. */
  async #lose(): Promise<void> {
    const lock = this.#lock
    if (!lock) return
    this.#lock = undefined
    this.#options.logger.error('the lock of the active worker is lost; standing by')
    lock.release()
    await this.#options.onLost()
    if (this.#isLeaving) return
    void this.#beat()
    this.#wait()
  }

  /**
   * Puts the jobs back that the last active worker left running.
   *
   * @returns false when the store does not take the write now
   */
  async #recover(): Promise<boolean> {
    const { store, logger, now, jobTtlMs } = this.#options
    const recover = async (): Promise<true> => {
      const { broken, ...recovery } = await store.runs.requeueLost({ now: now(), ttlMs: jobTtlMs })
      for (const err of broken) logger.error({ err, jobSeq: err.seq }, 'a lost job could not be put back')
      if (recovery.requeued + recovery.failed + recovery.cancelled > 0)
        logger.warn(recovery, 'these jobs were running when their worker died')
      await store.workers.forgetStale(now())
      return true
    }
    return (await this.#loop.try('put back the jobs of the last worker', recover)) ?? false
  }

  async #beat(): Promise<void> {
    const { store, now, figures } = this.#options
    const said = figures()
    const beat = () => store.workers.heartbeat({ ...this.#identity, active: this.isActive }, now(), said)
    await this.#loop.try('write the heartbeat', beat)
  }
}
