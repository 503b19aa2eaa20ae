import { isAlive } from '../../liveness.ts'
import type { WorkerRow } from '../../values.ts'
import type { ExclusiveLock } from '../exclusive-lock.ts'

export interface LockTestOptions {
  readonly activeWorker: () => WorkerRow | undefined
  readonly takeWorkerLock: () => ExclusiveLock | undefined
  readonly now: () => number
}

/**
 * Tests whether file locks work in the directory of the queue. An active worker holds a lock. If this process can take
 * that lock and the worker's heartbeat goes on, locks do not work, and two processes that write at the same time could
 * damage the file.
 */
export class LockTest {
  readonly #options: LockTestOptions
  #taken: { readonly workerId: string; readonly heartbeatAt: number } | undefined
  #isBroken = false

  constructor(options: LockTestOptions) {
    this.#options = options
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** One step of the test, to be called regularly. It needs two steps: one takes the lock, a later one sees a new heartbeat. */
  check(): void {
    const { activeWorker, takeWorkerLock, now } = this.#options
    const worker = activeWorker()
    if (!worker || !isAlive(worker, now())) {
      this.#taken = undefined
      return
    }
    const hasBeaten = this.#taken?.workerId === worker.id && this.#taken.heartbeatAt !== worker.heartbeatAt
    if (hasBeaten) this.#isBroken = true
    const lock = takeWorkerLock()
    lock?.release()
    if (!lock) {
      this.#taken = undefined
      this.#isBroken = false
    } else this.#taken ??= { workerId: worker.id, heartbeatAt: worker.heartbeatAt }
  }
}
