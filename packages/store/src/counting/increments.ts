import type { TallyKey } from '../values.ts'

/** What a minute of a caller, or of nobody, grows by. */
export type SampleIncrement = Partial<Record<SampleCount, number>>

export type SampleCount =
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'inputTokens'
  | 'outputTokens'
  | 'busyMs'
  | 'loads'
  | 'loadMs'
  | 'arrivalLoads'
  | 'arrivalLoadMs'

export interface TurnIncrement {
  jobs: number
  tokens: number
  busyMs: number
  /** When the last of its jobs ended. */
  lastAt: number
}

export interface TallyIncrement extends TallyKey {
  by: number
  at: number
}

const MINUTE_MS = 60_000

/** The beginning of the minute of a time. */
export const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS) * MINUTE_MS

/** Sums of many changes, so that each row of a table is written once. */
export class Increments {
  readonly #tallies = new Map<string, TallyIncrement>()
  readonly #samples = new Map<
    string,
    { readonly minute: number; readonly caller: string; by: SampleIncrement }
  >()
  readonly #turns = new Map<number, TurnIncrement>()

  get tallies(): Iterable<TallyIncrement> {
    return this.#tallies.values()
  }

  get samples(): Iterable<{
    readonly minute: number
    readonly caller: string
    readonly by: SampleIncrement
  }> {
    return this.#samples.values()
  }

  get turns(): Iterable<[turn: number, by: TurnIncrement]> {
    return this.#turns
  }

  /** @param labels with their names in alphabetical order, so that equal ones have one text */
  count(name: string, labels: Readonly<Record<string, string>>, at: number, by = 1, part = ''): void {
    if (by === 0) return
    const text = JSON.stringify(labels)
    const key = `${name} ${part} ${text}`
    const tally = this.#tallies.get(key)
    if (!tally) this.#tallies.set(key, { name, labels: text, part, by, at })
    else Object.assign(tally, { by: tally.by + by, at: Math.max(tally.at, at) })
  }

  /** Counts a value in its bucket, and adds it to the sum. Buckets are not cumulative. */
  observe(
    { name, bounds }: Histogram,
    labels: Readonly<Record<string, string>>,
    at: number,
    value: number,
  ): void {
    const measured = Math.max(0, Math.round(value))
    const bound = bounds.find(upper => measured <= upper)
    this.count(name, labels, at, 1, bound === undefined ? 'more' : String(bound))
    this.count(name, labels, at, measured, 'sum')
  }

  sample(at: number, caller: string, by: SampleIncrement): void {
    const minute = minuteOf(at)
    const key = `${minute} ${caller}`
    const sample = this.#samples.get(key) ?? { minute, caller, by: {} }
    for (const [name, more] of Object.entries(by) as [SampleCount, number][])
      sample.by[name] = (sample.by[name] ?? 0) + more
    this.#samples.set(key, sample)
  }

  turn(turn: number, { jobs, tokens, busyMs, lastAt }: TurnIncrement): void {
    const sum = this.#turns.get(turn) ?? { jobs: 0, tokens: 0, busyMs: 0, lastAt: 0 }
    this.#turns.set(turn, {
      jobs: sum.jobs + jobs,
      tokens: sum.tokens + tokens,
      busyMs: sum.busyMs + busyMs,
      lastAt: Math.max(sum.lastAt, lastAt),
    })
  }
}

/** A histogram with the upper bounds of its buckets, in milliseconds or tokens. */
export interface Histogram {
  readonly name: string
  readonly bounds: readonly number[]
}
