import type Database from 'better-sqlite3'
import fs from 'node:fs'
import { isBusy } from './errors.ts'

const POLL_MS = 25
/** The file system reports a write to the WAL before the commit is visible, because a commit waits for the disk. */
const LOOK_AGAIN_MS = 1

/**
 * Reports the commits of other connections. The file system's watch reports most of them at once; a slow poll finds the
 * others, and all of them where there is no watch. While nobody listens, nothing runs.
 */
export class CommitWatch {
  readonly #dataVersion: () => number
  readonly #wal: { directory: string; name: string }
  readonly #listeners = new Set<() => void>()
  #seen = 0
  #watcher: fs.FSWatcher | undefined
  #poll: NodeJS.Timeout | undefined
  #lookAgain: NodeJS.Timeout | undefined

  constructor(sqlite: Database.Database, wal: { directory: string; name: string }) {
    const statement = sqlite.prepare('PRAGMA data_version').pluck()
    this.#dataVersion = () => statement.get() as number
    this.#wal = wal
  }

  /**
   * Calls `listener` after each commit of another connection, until the returned function is called. Commits in quick
   * succession may be reported once.
   */
  listen(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.#start()
    this.#listeners.add(listener)
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#stopPolling()
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#stopPolling()
    this.#watcher?.close()
  }

  #start(): void {
    this.#seen = this.#dataVersion()
    this.#poll = setInterval(() => this.#look(), POLL_MS)
    this.#watcher ??= this.#watch()
  }

  #stopPolling(): void {
    clearInterval(this.#poll)
    clearTimeout(this.#lookAgain)
  }

  #watch(): fs.FSWatcher | undefined {
    try {
      const watcher = fs.watch(this.#wal.directory, { persistent: false }, (_event, name) => {
        if (this.#listeners.size > 0 && (name === null || name === this.#wal.name)) this.#hint()
      })
      // The poll finds every commit without the watch, too.
      watcher.on('error', () => watcher.close())
      return watcher
    } catch {
      return undefined
    }
  }

  #hint(): void {
    if (!this.#look()) this.#lookIn(LOOK_AGAIN_MS)
  }

  /** Looks again at doubling intervals, until there is a commit or the poll is about to look anyway. */
  #lookIn(ms: number): void {
    clearTimeout(this.#lookAgain)
    this.#lookAgain = setTimeout(() => {
      if (!this.#look() && ms < POLL_MS) this.#lookIn(ms * 2)
    }, ms)
  }

  #look(): boolean {
    try {
      const version = this.#dataVersion()
      if (version === this.#seen) return false
      for (const listener of this.#listeners) listener()
      this.#seen = version
      return true
    } catch (error) {
      // While another process recovers the file, even a read is refused. The poll looks again.
      if (isBusy(error)) return false
      throw error
    }
  }
}
