/**
 * The smallest of the values that `share` of them (0 to 1) do not exceed: nearest rank, nothing interpolated. NaN
 * when there are none.
 */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

export interface Spread {
  readonly p50: number
  readonly p99: number
}

export const spread = (values: readonly number[]): Spread => ({
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
})

/** The middle of what several rounds showed: one round that something else disturbed does not move it. */
export const medianSpread = (rounds: readonly Spread[]): Spread => ({
  p50: median(rounds.map(({ p50 }) => p50)),
  p99: median(rounds.map(({ p99 }) => p99)),
})
