import { isAlive, type Store } from '@foreman/store'
import { Refusal } from '../http/refusal.ts'

export interface LockTestOptions {
  readonly store: Pick<Store, 'workers' | 'takeWorkerLock'>
  readonly now: () => number
}

/**
 * Tests whether file locks work in the directory of the queue. An active worker holds a lock. If the gateway can take
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

  /** @throws Refusal with 503 when locks do not work */
  ensureWorkingLocks(): void {
    if (this.#isBroken)
      throw new Refusal(
        503,
        'file locks do not work where the queue lies: use a local disk or a named volume',
      )
  }

  /** One step of the test, to be called regularly. It needs two steps: one takes the lock, a later one sees a new heartbeat. */
  check(): void {
    const { store, now } = this.#options
    const worker = store.workers.active()
    if (!worker || !isAlive(worker, now())) {
      this.#taken = undefined
      return
    }
    const hasBeaten = this.#taken?.workerId === worker.id && this.#taken.heartbeatAt !== worker.heartbeatAt
    if (hasBeaten) this.#isBroken = true
    const lock = store.takeWorkerLock()
    lock?.release()
    if (!lock) {
      this.#taken = undefined
      this.#isBroken = false
    } else this.#taken ??= { workerId: worker.id, heartbeatAt: worker.heartbeatAt }
  }
}
