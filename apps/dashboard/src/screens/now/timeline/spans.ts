const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How far back the timeline looks. */
export interface Span {
  /** In the URL. */
  readonly value: string
  readonly label: string
  readonly ms: number
  /** The step of the history in it. */
  readonly step: string
  /** How often it is asked for. */
  readonly everyMs: number
}

export const spans: readonly [Span, ...Span[]] = [
  { value: '1h', label: '1 hour', ms: HOUR, step: '1m', everyMs: 10_000 },
  { value: '15m', label: '15 minutes', ms: 15 * MINUTE, step: '1m', everyMs: 5_000 },
  { value: '6h', label: '6 hours', ms: 6 * HOUR, step: '3m', everyMs: 30_000 },
  { value: '1d', label: '1 day', ms: DAY, step: '10m', everyMs: MINUTE },
  { value: '7d', label: '7 days', ms: 7 * DAY, step: '1h', everyMs: 5 * MINUTE },
]

export const spanOf = (value: string | undefined): Span =>
  spans.find(span => span.value === value) ?? spans[0]
