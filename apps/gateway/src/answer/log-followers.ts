import type { Logger } from '@foreman/process/logger'
import { Backoff, type Store } from '@foreman/store'

export interface LogFollowersOptions {
  readonly store: Pick<Store, 'changes'>
  readonly logger: Logger
}

/** Tells the followers of a job that the job's log has grown. All followers share one listener. */
export class LogFollowers {
  readonly #store: LogFollowersOptions['store']
  readonly #logger: Logger
  /** All followers read the same queue, so a failure of one look is a failure of all. */
  readonly #reads = new Backoff()
  readonly #callbacks = new Map<number, Set<() => void>>()
  #unlisten: (() => void) | undefined

  constructor({ store, logger }: LogFollowersOptions) {
    this.#store = store
    this.#logger = logger
  }

  /** Calls `onChange` whenever the log of a job may have grown. @returns a function that ends this */
  follow(jobSeq: number, onChange: () => void): () => void {
    this.#unlisten ??= this.#store.changes.listen('log', jobs => this.#tell(jobs))
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

  /** A follower could read the queue. */
  readSucceeded(): void {
    this.#reads.succeeded()
  }

  /** A follower could not read the queue. @returns how long it should wait before it tries again */
  readFailed(error: unknown): number {
    if (this.#reads.failed()) this.#logger.warn({ err: error }, 'could not read a job; reading again')
    return this.#reads.restMs
  }

  #tell(jobs: ReadonlySet<number> | 'all'): void {
    for (const jobSeq of jobs === 'all' ? this.#callbacks.keys() : jobs)
      for (const onChange of this.#callbacks.get(jobSeq) ?? []) this.#call(onChange)
  }

  #call(onChange: () => void): void {
    try {
      onChange()
    } catch (err) {
      this.#logger.error({ err }, 'a follower of a job has failed')
    }
  }
}
