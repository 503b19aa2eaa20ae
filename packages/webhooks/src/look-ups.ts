export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/**
 * Finds all addresses of a name. Rejects as `dns.lookup` does. The signal aborts when nobody waits for the addresses any
 * more.
 */
export type Resolve = (hostname: string, signal: AbortSignal) => Promise<readonly Address[]>

export interface LookUpsOptions {
  readonly resolve: Resolve
  readonly deadlineMs: number
  readonly atOnce: number
}

/** More would only make it likelier that names which nobody answers for take all threads. */
const MAX_AT_ONCE = 2
/** Node's own default. */
const DEFAULT_THREADS = 4

/**
 * How many names webhooks may look up at a time with `dns.lookup`. Nothing ends such a look-up, and Node runs those of
 * the whole process on half of its threads: two of four. One of these stays free for everything else, such as the name
 * of another server, so that two at a time need at least five threads (`UV_THREADPOOL_SIZE`).
 */
export const lookUpsAtOnce = (threads: string | undefined): number => {
  const count = Math.trunc(Number(threads ?? DEFAULT_THREADS)) || 1
  return Math.max(1, Math.min(MAX_AT_ONCE, Math.ceil(count / 2) - 1))
}

interface LookUp {
  readonly hostname: string
  readonly found: PromiseWithResolvers<readonly Address[]>
  /** How many wait for it. */
  askers: number
  /** Ends the look-up that is under way. */
  abort?: AbortController
}

/** Looks names up, a few at a time, in the order in which they were asked for. */
export class LookUps {
  readonly #options: LookUpsOptions
  /** Those that wait and those that have started, by their names. */
  readonly #known = new Map<string, LookUp>()
  readonly #waiting = new Set<LookUp>()
  #running = 0

  constructor(options: LookUpsOptions) {
    this.#options = options
  }

  /**
   * Shares the look-up of a name that is already waiting or under way. When the last who asked for it gives up, a look-up
   * that has not started is forgotten, and one that is under way is aborted.
   *
   * @param signal ends the wait before the deadline
   * @throws what `resolve` rejects with, or an error with the code ETIMEOUT when the deadline passes
   */
  async find(hostname: string, signal?: AbortSignal): Promise<readonly Address[]> {
    const lookUp = this.#known.get(hostname) ?? this.#add(hostname)
    lookUp.askers += 1
    const { deadlineMs } = this.#options
    const late = Promise.withResolvers<never>()
    const giveUp = () => late.reject(timeout(hostname, deadlineMs))
    const timer = setTimeout(giveUp, deadlineMs)
    if (signal?.aborted) giveUp()
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      return await Promise.race([lookUp.found.promise, late.promise])
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      lookUp.askers -= 1
      if (lookUp.askers === 0) this.#giveUp(lookUp)
    }
  }

  #giveUp(lookUp: LookUp): void {
    if (this.#waiting.delete(lookUp)) this.#known.delete(lookUp.hostname)
    lookUp.abort?.abort()
  }

  #add(hostname: string): LookUp {
    const lookUp: LookUp = { hostname, found: Promise.withResolvers<readonly Address[]>(), askers: 0 }
    this.#known.set(hostname, lookUp)
    this.#waiting.add(lookUp)
    this.#startNext()
    return lookUp
  }

  #startNext(): void {
    const [next] = this.#waiting
    if (!next || this.#running >= this.#options.atOnce) return
    this.#waiting.delete(next)
    this.#running += 1
    void this.#run(next)
  }

  async #run(lookUp: LookUp): Promise<void> {
    const { hostname, found } = lookUp
    const abort = new AbortController()
    lookUp.abort = abort
    try {
      found.resolve(await this.#options.resolve(hostname, abort.signal))
    } catch (error) {
      // Somebody may have asked for the name after the look-up was aborted.
      if (abort.signal.aborted && lookUp.askers > 0) return this.#run(lookUp)
      found.reject(error)
    }
    this.#known.delete(hostname)
    this.#running -= 1
    this.#startNext()
  }
}

const timeout = (hostname: string, deadlineMs: number): Error =>
  Object.assign(new Error(`${hostname} was not found within ${deadlineMs} ms`), { code: 'ETIMEOUT' })
