const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
const shape = /^(?:(?<d>\d+)d)?(?:(?<h>\d+)h)?(?:(?<m>\d+)m(?!s))?(?:(?<s>\d+)s)?(?:(?<ms>\d+)ms)?$/

/**
 * The milliseconds of a duration such as `30s`, `5m`, `1h30m`, `30d` or `300ms`, or of `0`: whole numbers, the largest unit
 * first.
 *
 * @returns undefined for anything else, also for a number without a unit
 */
export const parseDuration = (text: string): number | undefined => {
  if (text === '0') return 0
  const groups = text === '' ? undefined : shape.exec(text)?.groups
  if (!groups) return undefined
  let totalMs = 0
  for (const [unit, factor] of Object.entries(unitMs)) totalMs += Number(groups[unit] ?? 0) * factor
  return Number.isSafeInteger(totalMs) ? totalMs : undefined
}
