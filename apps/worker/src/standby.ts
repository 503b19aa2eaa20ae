import type { Logger } from '@foreman/process/logger'
import { type ExclusiveLock, HEARTBEAT_MS, type Store } from '@foreman/store'
import { randomUUID } from 'node:crypto'
import { FileLoop } from './file-loop.ts'
import { writeQuietly } from './persist.ts'

const LOCK_POLL_MS = 250

export interface StandbyOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly pid: number
  /** How long a lost job that ends here is kept. */
  readonly jobTtlMs: number
  /** Called once, when this worker has become the active one. */
  readonly onActive: () => void
}

/**
 * Decides which worker of a file is active: the one that holds the exclusive lock. The others stand by and take over
 * when the lock is free, which it is as soon as the active worker's process has ended. Also writes this worker's
 * heartbeat.
 */
export class Standby {
  readonly #options: StandbyOptions
  readonly #identity: { readonly id: string; readonly pid: number; readonly startedAt: number }
  readonly #loop: FileLoop
  #lock: ExclusiveLock | undefined
  #lockTimer: NodeJS.Timeout | undefined
  #heartbeatTimer: NodeJS.Timeout | undefined

  constructor(options: StandbyOptions) {
    this.#options = options
    this.#loop = new FileLoop(options.logger)
    this.#identity = { id: randomUUID(), pid: options.pid, startedAt: options.now() }
  }

  get isActive(): boolean {
    return this.#lock !== undefined
  }

  /** Becomes active, now or when the worker that is active has gone. To be called once. */
  start(): void {
    this.#beat()
    this.#heartbeatTimer = setInterval(() => this.#beat(), HEARTBEAT_MS)
    const takeOver = () => this.#loop.try('take over', () => this.#takeOver()) ?? false
    if (takeOver()) return
    this.#options.logger.info('standing by')
    this.#lockTimer = setInterval(takeOver, LOCK_POLL_MS)
  }

  /** Does not take over any more. A worker that is active stays active, and the heartbeat goes on. */
  stopWaiting(): void {
    clearInterval(this.#lockTimer)
  }

  /** Ends the heartbeat, and lets another worker take over. */
  leave(): void {
    const { store, logger } = this.#options
    this.stopWaiting()
    clearInterval(this.#heartbeatTimer)
    writeQuietly(() => store.workers.leave(this.#identity.id), logger, 'remove the row of this worker')
    this.#lock?.release()
    this.#lock = undefined
  }

  #takeOver(): boolean {
    const { store, logger, onActive } = this.#options
    const lock = store.takeWorkerLock()
    if (!lock) return false
    if (!this.#recover()) {
      // Whoever has the lock next tries again.
      lock.release()
      return false
    }
    this.#lock = lock
    this.stopWaiting()
    this.#beat()
    logger.info('at work')
    onActive()
    return true
  }

  /**
   * Puts the jobs back that the last active worker left running.
   *
   * @returns false when the file cannot take the write now
   */
  #recover(): boolean {
    const { store, logger, now, jobTtlMs } = this.#options
    const recover = (): true => {
      const { broken, ...recovery } = store.runs.requeueLost(now(), jobTtlMs)
      for (const err of broken) logger.error({ err, jobSeq: err.seq }, 'a lost job could not be put back')
      if (recovery.requeued + recovery.failed + recovery.cancelled > 0)
        logger.warn(recovery, 'these jobs were running when their worker died')
      store.workers.forgetStale(now())
      return true
    }
    return this.#loop.try('put back the jobs of the last worker', recover) ?? false
  }

  #beat(): void {
    const { store, now } = this.#options
    const beat = () => store.workers.heartbeat({ ...this.#identity, active: this.isActive }, now())
    this.#loop.try('write the heartbeat', beat)
  }
}
