import type { Store } from '@foreman/store'

/**
 * Tells the followers of a job that the job's log has grown. One look at the log serves all followers, so that a
 * thousand waiting callers cost nothing while one is served.
 */
export class LogFollowers {
  readonly #store: Store
  readonly #callbacks = new Map<number, Set<() => void>>()
  #unlisten: (() => void) | undefined
  /** The id of the last log entry that the followers know of. */
  #seen = 0

  constructor(store: Store) {
    this.#store = store
  }

  /** Calls `onChange` whenever the log of a job has grown. @returns a function that ends this */
  follow(jobSeq: number, onChange: () => void): () => void {
    if (!this.#unlisten) {
      this.#seen = this.#store.output.lastChange()
      this.#unlisten = this.#store.commits.listen(() => this.#look())
    }
    const callbacks = this.#callbacks.get(jobSeq) ?? new Set()
    callbacks.add(onChange)
    this.#callbacks.set(jobSeq, callbacks)
    return () => {
      callbacks.delete(onChange)
      if (callbacks.size === 0) this.#callbacks.delete(jobSeq)
      if (this.#callbacks.size > 0) return
      this.#unlisten?.()
      this.#unlisten = undefined
    }
  }

  #look(): void {
    const { upTo, jobSeqs } = this.#store.output.changesSince(this.#seen)
    this.#seen = upTo
    for (const jobSeq of jobSeqs) for (const onChange of this.#callbacks.get(jobSeq) ?? []) onChange()
  }
}
