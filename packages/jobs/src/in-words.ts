const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/**
 * A duration as a person says it, as exact as is of use.
 *
 * @example
 * inWords(410) // '0.4 s'
 * inWords(41_200) // '41 s'
 * inWords(7_500_000) // '2 h 5 min'
 */
export const inWords = (ms: number): string => {
  const duration = Math.max(0, ms)
  if (duration < 9_950) return `${(duration / SECOND_MS).toFixed(1)} s`
  if (duration < 99_500) return `${Math.round(duration / SECOND_MS)} s`
  const minutes = Math.round(duration / MINUTE_MS)
  if (minutes < 100) return `${minutes} min`
  if (duration < 99.5 * HOUR_MS) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.round(duration / (24 * HOUR_MS))} days`
}

/** @example ordinal(22) // '22nd' */
export const ordinal = (n: number): string => {
  const teens = n % 100 > 10 && n % 100 < 14
  return `${n}${(teens ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[n % 10]) ?? 'th'}`
}
