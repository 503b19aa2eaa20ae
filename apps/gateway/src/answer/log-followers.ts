import type { Store } from '@foreman/store'

/**
 * Tells those who follow a job that there is something new of it. One look at the log serves them all, so that a
 * thousand callers who wait cost nothing while one is served.
 */
export class Followers {
  readonly #store: Store
  readonly #callbacks = new Map<number, Set<() => void>>()
  #unlisten: (() => void) | undefined
  #seen = 0

  constructor(store: Store) {
    this.#store = store
  }

  /** Calls `onChange` whenever the job's log has grown, until the returned function is called. */
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
