import type Database from 'better-sqlite3'
import fs from 'node:fs'
import { Backoff } from '../../backoff.ts'
import { isBusy } from '../sqlite-errors.ts'

const POLL_MS = 25
/**
 * The file system reports a write to the WAL before the commit is visible. A commit that does not wait for the disk follows
 * within microseconds, much sooner than the shortest timer.
 */
const LOOK_AT_ONCE_MS = 1
/** A commit that waits for the disk is looked for by timers. */
const LOOK_AGAIN_MS = 1

export interface CommitWatchOptions {
  readonly wal: { readonly directory: string; readonly name: string }
  /** Called when the file could not be read, or when a listener has failed. An error that goes on is reported rarely. */
  readonly onError: (error: unknown) => void
}

type Listener = () => void

/**
 * Reports the commits of other connections. The file system's watch reports most of them at once; a slow poll finds the
 * others, and all of them where there is no watch. While nobody listens, nothing runs.
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
  #watcher: fs.FSWatcher | undefined
  #poll: NodeJS.Timeout | undefined
  #lookAgain: NodeJS.Timeout | undefined
  #lookAtOnce: NodeJS.Immediate | undefined
  /** Whether this process has committed something since the last hint, so that the next hint is its own. */
  #isOwnHint = false

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

  /** To be called after a commit of this connection: the file system reports it like any other. */
  expectOwnHint(): void {
    this.#isOwnHint = true
  }

  close(): void {
    this.#listeners.clear()
    this.#untold.clear()
    this.#stopPolling()
    this.#watcher?.close()
  }

  #start(): void {
    this.#seen = this.#try(this.#backoff, () => this.#dataVersion())
    this.#poll = setInterval(() => this.#look(), POLL_MS)
    this.#watcher ??= this.#watch()
  }

  #stopPolling(): void {
    clearInterval(this.#poll)
    clearTimeout(this.#lookAgain)
    clearImmediate(this.#lookAtOnce)
  }

  #watch(): fs.FSWatcher | undefined {
    const { directory, name: walName } = this.#options.wal
    try {
      const watcher = fs.watch(directory, { persistent: false }, (_event, name) => {
        if (this.#listeners.size > 0 && (name === null || name === walName)) this.#hint()
      })
      // The poll finds every commit without the watch, too.
      watcher.on('error', () => watcher.close())
      return watcher
    } catch {
      return undefined
    }
  }

  #hint(): void {
    const isOwn = this.#isOwnHint
    this.#isOwnHint = false
    if (this.#look()) return
    if (isOwn) this.#lookIn(LOOK_AGAIN_MS)
    else this.#lookAtOnceUntil(performance.now() + LOOK_AT_ONCE_MS)
  }

  /** Looks again in each turn of the event loop, until there is a commit or the time is up. */
  #lookAtOnceUntil(end: number): void {
    clearImmediate(this.#lookAtOnce)
    this.#lookAtOnce = setImmediate(() => {
      if (this.#look()) return
      if (performance.now() < end) this.#lookAtOnceUntil(end)
      else this.#lookIn(LOOK_AGAIN_MS)
    })
  }

  /** Looks again at doubling intervals, until there is a commit or the poll is about to look anyway. */
  #lookIn(ms: number): void {
    clearTimeout(this.#lookAgain)
    this.#lookAgain = setTimeout(() => {
      if (!this.#look() && ms < POLL_MS) this.#lookIn(ms * 2)
    }, ms)
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
