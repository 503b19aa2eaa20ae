import type Database from 'better-sqlite3'
import type { FSWatcher } from 'node:fs'
import { Backoff } from '../../backoff.ts'
import { isBusy } from '../sqlite-errors.ts'
import { watchTouches } from './touch.ts'

const POLL_MS = 25
/** Once the watch has reported a commit, the poll only finds what it may miss. */
const WATCHED_POLL_MS = 250

export interface CommitWatchOptions {
  /** Processes touch it after their commits. */
  readonly file: string
  /** Called when the file could not be read, or when a listener has failed. An error that goes on is reported rarely. */
  readonly onError: (error: unknown) => void
}

type Listener = () => void

/**
 * Reports the commits of other connections. Each process touches the file after its commits, which the file system's watch
 * reports at once; a poll finds the others, and all of them where there is no watch. While nobody listens, nothing runs.
 *
 * A look at the file that fails is repeated, and so is the call of a listener that throws. Neither ends the process or
 * keeps a commit from other listeners.
 */
export class CommitWatch {
  readonly #dataVersion: () => number
  readonly #options: CommitWatchOptions
  /** Each listener, and how its failed calls are repeated. */
  readonly #listeners = new Map<Listener, Backoff>()
  /** The listeners that have yet to be told of a commit. */
  readonly #untold = new Set<Listener>()
  readonly #backoff = new Backoff()
  /** The version of the file that the listeners know of. Undefined: it could not be read so far. */
  #seen: number | undefined
  #watcher: FSWatcher | undefined
  #poll: NodeJS.Timeout | undefined
  #pollMs = POLL_MS

  constructor(sqlite: Database.Database, options: CommitWatchOptions) {
    const statement = sqlite.prepare('PRAGMA data_version').pluck()
    this.#dataVersion = () => statement.get() as number
    this.#options = options
  }

  /**
   * Calls `listener` after each commit of another connection, until the returned function is called. Commits in quick
   * succession may be reported once. A listener that throws is called again.
   */
  listen(listener: Listener): () => void {
    if (this.#listeners.size === 0) this.#start()
    this.#listeners.set(listener, new Backoff())
    return () => {
      this.#untold.delete(listener)
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#stopPolling()
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#untold.clear()
    this.#stopPolling()
    this.#watcher?.close()
  }

  #start(): void {
    this.#seen = this.#try(this.#backoff, () => this.#dataVersion())
    this.#startPolling()
    this.#watcher ??= this.#watch()
  }

  #startPolling(): void {
    clearInterval(this.#poll)
    this.#poll = setInterval(() => this.#lookAndPace(POLL_MS), this.#pollMs)
  }

  #stopPolling(): void {
    clearInterval(this.#poll)
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watchTouches(this.#options.file, () => {
        if (this.#listeners.size > 0) this.#lookAndPace(WATCHED_POLL_MS)
      })
      // The poll finds every commit without the watch, too.
      watcher.on('error', () => watcher.close())
      return watcher
    } catch {
      return undefined
    }
  }

  /** @param pollMs how often to poll from now on, if this look finds a commit */
  #lookAndPace(pollMs: number): void {
    if (!this.#look() || pollMs === this.#pollMs) return
    this.#pollMs = pollMs
    if (this.#listeners.size > 0) this.#startPolling()
  }

  /** @returns whether there was a commit */
  #look(): boolean {
    const hasChanged = this.#try(this.#backoff, () => this.#noteCommit()) ?? false
    for (const listener of this.#untold) {
      const backoff = this.#listeners.get(listener)
      if (backoff && this.#try(backoff, () => this.#tell(listener))) this.#untold.delete(listener)
    }
    return hasChanged
  }

  #noteCommit(): boolean {
    const version = this.#dataVersion()
    if (version === this.#seen) return false
    this.#seen = version
    for (const listener of this.#listeners.keys()) this.#untold.add(listener)
    return true
  }

  #tell(listener: Listener): true {
    listener()
    return true
  }

  /** Does what the next look repeats when it fails. @returns undefined when it failed, or failed a moment ago */
  #try<T>(backoff: Backoff, step: () => T): T | undefined {
    if (backoff.restMs > 0) return undefined
    try {
      const result = step()
      backoff.succeeded()
      return result
    } catch (error) {
      // While another process recovers the file, even a read is refused. That passes soon.
      if (!isBusy(error) && backoff.failed()) this.#options.onError(error)
      return undefined
    }
  }
}
