import type { Logger } from '@foreman/process/logger'
import { Backoff, type Store } from '@foreman/store'

export interface LogFollowersOptions {
  readonly store: Pick<Store, 'output' | 'commits'>
  readonly logger: Logger
}

/**
 * Tells the followers of a job that the job's log has grown. One look at the log serves all followers, so that a
 * thousand waiting callers cost nothing while one is served.
 */
export class LogFollowers {
  readonly #store: LogFollowersOptions['store']
  readonly #logger: Logger
  /** All followers read the same file, so a failure of one look is a failure of all. */
  readonly #reads = new Backoff()
  readonly #callbacks = new Map<number, Set<() => void>>()
  #unlisten: (() => void) | undefined
  /** The id of the last log entry that the followers know of. */
  #seen = 0

  constructor({ store, logger }: LogFollowersOptions) {
    this.#store = store
    this.#logger = logger
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

  /** A follower could read the file. */
  readSucceeded(): void {
    this.#reads.succeeded()
  }

  /** A follower could not read the file. @returns how long it should wait before it tries again */
  readFailed(error: unknown): number {
    if (this.#reads.failed()) this.#logger.warn({ err: error }, 'could not read a job; reading again')
    return this.#reads.restMs
  }

  #look(): void {
    const { upTo, jobSeqs } = this.#store.output.changesSince(this.#seen)
    this.#seen = upTo
    for (const jobSeq of jobSeqs) for (const onChange of this.#callbacks.get(jobSeq) ?? []) onChange()
  }
}
