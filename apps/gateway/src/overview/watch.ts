import type { Logger } from '@foreman/process/logger'
import type { NewsAnswer, NewsCursor } from './news.ts'
import type { SnapshotAnswer } from './questions.ts'
import type { QueueReader } from './reader.ts'

const EVERY_MS = 1_000

/** Somebody who watches the queue. */
export interface Watcher {
  /** Undefined: it sees everything. */
  readonly caller: string | undefined
  readonly tellSnapshot: (body: Uint8Array) => void
  readonly tellNews: (news: NewsAnswer) => void
}

export interface WatchOptions {
  readonly reader: Pick<QueueReader, 'ask'>
  readonly snapshotFor: (caller: string | undefined, has: string | undefined) => Promise<SnapshotAnswer>
  readonly logger: Logger
}

/** Looks at the queue once a second for all who watch it, and not at all when nobody does. */
export class QueueWatch {
  readonly #options: WatchOptions
  readonly #watchers = new Set<Watcher>()
  /** Those who have had no snapshot yet. */
  readonly #newcomers = new Set<Watcher>()
  /** The tag of the last snapshot, by the caller that it was for. */
  readonly #tags = new Map<string | undefined, string>()
  #cursor: NewsCursor | undefined
  #isLooking = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** @returns ends the watching */
  add(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    this.#newcomers.add(watcher)
    if (!this.#isLooking) void this.#look()
    this.#isLooking = true
    return () => {
      this.#watchers.delete(watcher)
      this.#newcomers.delete(watcher)
    }
  }

  async #look(): Promise<void> {
    try {
      // From before the snapshot on: what happens right after it is told.
      this.#cursor ??= (await this.#options.reader.ask('news', undefined)).cursor
      await this.#tellSnapshots()
      await this.#tellNews(this.#cursor)
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the queue cannot be shown now')
    }
    this.#isLooking = this.#watchers.size > 0
    if (this.#isLooking) {
      setTimeout(() => void this.#look(), EVERY_MS).unref()
      return
    }
    this.#cursor = undefined
    this.#tags.clear()
  }

  async #tellSnapshots(): Promise<void> {
    const views = Map.groupBy(this.#watchers, ({ caller }) => caller)
    for (const [caller, watchers] of views) {
      const isOwed = watchers.some(watcher => this.#newcomers.has(watcher))
      const { etag, body } = await this.#options.snapshotFor(
        caller,
        isOwed ? undefined : this.#tags.get(caller),
      )
      this.#tags.set(caller, etag)
      if (!body) continue
      for (const watcher of watchers) {
        this.#newcomers.delete(watcher)
        watcher.tellSnapshot(body)
      }
    }
  }

  async #tellNews(after: NewsCursor): Promise<void> {
    const news = await this.#options.reader.ask('news', after)
    this.#cursor = news.cursor
    if (news.jobs.length + news.skipped + news.operations.length === 0) return
    for (const watcher of this.#watchers) if (!this.#newcomers.has(watcher)) watcher.tellNews(news)
  }
}
