import { isAlive, type Store } from '@foreman/store'
import { Refusal } from '../http/refusal.ts'

/**
 * Whether file locks work where the queue lies. A worker that beats holds its lock; if it can be taken all the same,
 * and the same worker goes on beating, two processes that write at once would ruin the file.
 */
export class LockTest {
  readonly #store: Store
  readonly #now: () => number
  #taken: { workerId: string; heartbeatAt: number } | undefined
  #isBroken = false

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** @throws Refusal with 503 */
  readonly demand = (): void => {
    if (this.#isBroken)
      throw new Refusal(
        503,
        'file locks do not work where the queue lies: use a local disk or a named volume',
      )
  }

  /** Call it now and then: one call takes the lock, a later one sees whether its holder noticed. */
  check(): void {
    const worker = this.#store.workers.active()
    const now = this.#now()
    if (!worker || !isAlive(worker, now)) {
      this.#taken = undefined
      return
    }
    const hasBeaten = this.#taken?.workerId === worker.id && this.#taken.heartbeatAt !== worker.heartbeatAt
    if (hasBeaten) this.#isBroken = true
    const lock = this.#store.takeWorkerLock()
    lock?.release()
    if (!lock) {
      this.#taken = undefined
      this.#isBroken = false
    } else this.#taken ??= { workerId: worker.id, heartbeatAt: worker.heartbeatAt }
  }
}
