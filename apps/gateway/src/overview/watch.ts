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
    // Whoever comes gets a snapshot: no state is owed.
    this.#tags.delete(watcher.caller)
    if (!this.#isLooking) void this.#look()
    this.#isLooking = true
    return () => void this.#watchers.delete(watcher)
  }

  async #look(): Promise<void> {
    try {
      // In this order, what happens after a snapshot is told at the next look.
      await this.#tellNews()
      await this.#tellSnapshots()
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
      const { etag, body } = await this.#options.snapshotFor(caller, this.#tags.get(caller))
      this.#tags.set(caller, etag)
      if (body) for (const { tellSnapshot } of watchers) tellSnapshot(body)
    }
  }

  async #tellNews(): Promise<void> {
    const news = await this.#options.reader.ask('news', this.#cursor)
    this.#cursor = news.cursor
    if (news.jobs.length + news.skipped + news.operations.length === 0) return
    for (const { tellNews } of this.#watchers) tellNews(news)
  }
}
