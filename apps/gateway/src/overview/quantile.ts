import type { Tally } from '@foreman/store'

/**
 * The upper bound of the bucket in which a quantile of a histogram lies. Undefined: nothing was observed, or it lies beyond the last
 * bound.
 *
 * @param buckets those that are not cumulative, of all its labels
 */
export const quantileOf = (
  buckets: readonly Pick<Tally, 'part' | 'value'>[],
  quantile: number,
): number | undefined => {
  const all = buckets.reduce((sum, { value }) => sum + value, 0)
  const bounds = Map.groupBy(buckets, ({ part }) => (part === 'more' ? Infinity : Number(part)))
  let counted = 0
  for (const [bound, ofBound] of [...bounds].toSorted(([a], [b]) => a - b)) {
    counted += ofBound.reduce((sum, { value }) => sum + value, 0)
    if (counted >= quantile * all) return bound < Infinity ? bound : undefined
  }
  return undefined
}
