import type {
  AccountCount,
  DelayedCount,
  HoldRow,
  InFlightJob,
  LineCount,
  MessageCounts,
  SampleRow,
  StorageFigures,
  StoreReader,
  Tally,
  TargetRow,
  TurnRow,
} from '@foreman/store'
import { type Outlook, OutlookReader } from '../forecast/outlook.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** To count the messages that were given up, all of them are read. */
const DEAD_EVERY_MS = 60_000

/** All that a snapshot of the queue is made of, as it was at one moment. */
export interface QueueFacts {
  readonly at: number
  readonly outlook: Outlook
  readonly lines: readonly LineCount[]
  readonly accounts: readonly AccountCount[]
  readonly delayed: readonly DelayedCount[]
  readonly inFlight: readonly InFlightJob[]
  readonly target: TargetRow
  /** The text of the target's answer to /api/version. */
  readonly ollamaVersion: string | undefined
  /** The present turn, or the last one. */
  readonly turn: TurnRow | undefined
  readonly holds: readonly HoldRow[]
  readonly hour: readonly SampleRow[]
  readonly tallies: readonly Tally[]
  readonly countingSince: number
  readonly messages: MessageCounts
  readonly deadMessages: number
  readonly storage: StorageFigures
  readonly lastBackupAt: number | undefined
}

/** Reads all of it. */
export class FactsReader {
  readonly #store: StoreReader
  readonly #outlooks: OutlookReader
  #dead: { readonly count: number; readonly at: number } | undefined

  constructor(store: StoreReader) {
    this.#store = store
    this.#outlooks = new OutlookReader(store)
  }

  async read(now: number): Promise<QueueFacts> {
    const { overview, history, catalogue } = this.#store
    const [outlook, accounts, delayed, inFlight, version, turns] = await Promise.all([
      this.#outlooks.read(now),
      overview.readyOfAccounts(),
      overview.delayed(),
      overview.inFlight(),
      catalogue.snapshot('/api/version'),
      history.turns({ from: now, until: now + 1 }, 1),
    ])
    const [hour, tallies, countingSince, messages, storage, lastBackupAt] = await Promise.all([
      history.samples({ from: now - HOUR_MS, until: now + 1 }, HOUR_MS),
      history.tallies(),
      history.since(),
      overview.messages(),
      overview.storage(),
      overview.lastBackup(),
    ])
    return {
      at: now,
      outlook,
      lines: outlook.lines,
      accounts,
      delayed,
      inFlight,
      target: outlook.target,
      ollamaVersion: versionIn(version?.body),
      turn: turns.at(-1),
      holds: outlook.holds,
      hour,
      tallies,
      countingSince,
      messages,
      deadMessages: await this.#deadMessages(now),
      storage,
      lastBackupAt,
    }
  }

  async #deadMessages(now: number): Promise<number> {
    if (!this.#dead || Math.abs(now - this.#dead.at) > DEAD_EVERY_MS)
      this.#dead = { count: await this.#store.overview.deadMessages(now - DAY_MS), at: now }
    return this.#dead.count
  }
}

const versionIn = (body: Buffer | undefined): string | undefined => {
  try {
    const { version } = JSON.parse(body?.toString() ?? '{}') as { readonly version?: unknown }
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}
