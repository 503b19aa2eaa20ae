/** A time that is drawn from left to right. */
export interface Scale {
  readonly from: number
  readonly until: number
  /** In pixels. */
  readonly width: number
}

/** Where a time lies, in pixels from the left. What lies outside is at the edge. */
export const xOf = (at: number, { from, until, width }: Scale): number =>
  Math.min(1, Math.max(0, (at - from) / (until - from))) * width

/** Where a time begins that lasts, and how wide it is: never too narrow to be seen. */
export const extent = (
  { from, until }: { readonly from: number; readonly until: number },
  scale: Scale,
): { readonly x: number; readonly width: number } => {
  const x = xOf(from, scale)
  return { x, width: Math.max(1, xOf(until, scale) - x) }
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How far ticks may lie from each other: what people divide time by. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map(minutes => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map(hours => hours * HOUR),
  ...[1, 2, 4, 7].map(days => days * DAY),
]

/** The fewest pixels between two ticks, so that their words do not meet. */
const TICK_WIDTH = 76

export interface Ticks {
  readonly at: readonly number[]
  readonly stepMs: number
}

/**
 * The times at which the axis has words: whole minutes, hours and days where one lives.
 *
 * @param offsetMs how far the clock of whoever looks is ahead of UTC
 */
export const ticksOf = (scale: Scale, offsetMs: number): Ticks => {
  const { from, until, width } = scale
  const most = Math.max(1, Math.floor(width / TICK_WIDTH))
  const stepMs = STEPS.find(step => (until - from) / step <= most) ?? STEPS.at(-1)!
  const first = Math.ceil((from + offsetMs) / stepMs) * stepMs - offsetMs
  const count = Math.max(0, Math.floor((until - first) / stepMs) + 1)
  return { stepMs, at: Array.from({ length: count }, (_, index) => first + index * stepMs) }
}

export interface Point {
  readonly at: number
  readonly value: number
}

/**
 * The outline of an area below a line, as a path of SVG. The highest value reaches the top.
 *
 * @param points in their order
 */
export const areaPath = (points: readonly Point[], scale: Scale, height: number): string => {
  const [first] = points
  const last = points.at(-1)
  if (!first || !last) return ''
  const highest = Math.max(1, ...points.map(({ value }) => value))
  const corner = ({ at, value }: Point) =>
    `${round(xOf(at, scale))} ${round(height - (value / highest) * height)}`
  const ends = [first, last].map(({ at }) => `${round(xOf(at, scale))} ${height}`)
  return `M${ends[0]}L${points.map(corner).join('L')}L${ends[1]}Z`
}

const round = (value: number): number => Math.round(value * 10) / 10
