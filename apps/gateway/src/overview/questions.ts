import type { QueueSnapshot } from '@foreman/jobs'
import type { StoreReader, TimeRange } from '@foreman/store'
import { arrivalOrderOf } from './arrival-order.ts'
import { etagOf } from './etag.ts'
import { FactsReader, type QueueFacts } from './facts.ts'
import { historyOf } from './history.ts'
import type { MetricsAsked } from './metrics/file-metrics.ts'
import { modelsOf } from './models.ts'
import { News, type NewsCursor } from './news.ts'
import { RateKeeper } from './rates.ts'
import { receiversOf } from './receivers.ts'
import { sharedAnswers } from './shared-answers.ts'
import { type GatewayFacts, groupName, snapshotOf } from './snapshot.ts'
import type { SystemAsked } from './system.ts'
import { timelineOf } from './timeline.ts'
import { viewOf } from './view.ts'

/** What was read serves everybody for this long, and longer while nothing is written. */
const FRESH_MS = 1_000
const STALE_MS = 5_000

interface SnapshotAsked {
  readonly gateway: GatewayFacts
  /** Undefined: everything is seen. */
  readonly caller: string | undefined
  /** Only these fields. Undefined: all. */
  readonly fields: readonly string[] | undefined
  /** The tag of what whoever asks has already. */
  readonly has: string | undefined
}

/** @property body undefined: whoever asked has it already */
export interface SnapshotAnswer {
  readonly etag: string
  readonly body: Uint8Array | undefined
}

/** The questions that operators ask about the file. Each is answered with bytes or with a small value. */
export type Questions = ReturnType<typeof questionsOf>

export const questionsOf = (store: StoreReader, now: () => number) => {
  const reader = new FactsReader(store)
  const rates = new RateKeeper()
  const news = new News(store)
  let last: { readonly facts: QueueFacts; readonly version: number } | undefined

  const facts = async (): Promise<QueueFacts> => {
    const at = now()
    const ageMs = Math.abs(at - (last?.facts.at ?? -Infinity))
    if (last && ageMs < FRESH_MS) return last.facts
    const version = await store.overview.version()
    if (last && ageMs < STALE_MS && version === last.version) return last.facts
    last = { facts: await reader.read(at), version }
    rates.note(last.facts.inFlight, at)
    return last.facts
  }

  const shared = <Asked>(answer: (asked: Asked) => Promise<Uint8Array>) => sharedAnswers(answer, now)
  /** A time may end in the future, so that many ask for the same one. */
  const untilNow = ({ from, until }: TimeRange): TimeRange => ({
    from,
    until: Math.min(until, Math.max(now(), from + 1)),
  })

  return {
    snapshot: async ({ gateway, caller, fields, has }: SnapshotAsked): Promise<SnapshotAnswer> => {
      const seen = await facts()
      const groups =
        caller === undefined
          ? []
          : await store.overview.groupsOfAccount(gateway.hasTokens ? caller : undefined)
      const viewer = { caller, groups: new Set(groups.map(groupName)) }
      const snapshot = picked(viewOf(snapshotOf(seen, gateway, rates.perSecond), viewer), fields)
      const etag = etagOf(snapshot)
      return { etag, body: etag === has ? undefined : bytesOf(snapshot) }
    },
    /** What is shown next is read anew. */
    forget: () => Promise.resolve(void (last = undefined)),
    news: (after: NewsCursor | undefined) => news.since(after),
    timeline: shared(async (time: TimeRange) => bytesOf(await timelineOf(store, untilNow(time)))),
    arrivalOrder: shared(async (time: TimeRange) =>
      bytesOf(await arrivalOrderOf(store, (await facts()).outlook, untilNow(time))),
    ),
    history: shared(async (asked: TimeRange & { readonly stepMs: number }) =>
      bytesOf(await historyOf(store, asked)),
    ),
    metrics: async (asked: MetricsAsked): Promise<Uint8Array> => {
      // Loaded late: most who look at the queue do not look at these.
      const { fileMetrics } = await import('./metrics/file-metrics.ts')
      return new TextEncoder().encode(await fileMetrics(store, await facts(), asked))
    },
    system: async (asked: SystemAsked): Promise<Uint8Array> => {
      // Loaded late, as those.
      const { systemOf } = await import('./system.ts')
      return bytesOf(await systemOf(store, await facts(), asked))
    },
    receivers: () => receiversOf(store),
    models: async (): Promise<Uint8Array> => bytesOf(modelsOf(await facts())),
  }
}

const picked = (snapshot: QueueSnapshot, fields: readonly string[] | undefined): Partial<QueueSnapshot> =>
  fields === undefined
    ? snapshot
    : (Object.fromEntries(
        Object.entries(snapshot).filter(([name]) => fields.includes(name)),
      ) as Partial<QueueSnapshot>)

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
