const unitMs = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
const shape = /^(?:(?<h>\d+)h)?(?:(?<m>\d+)m(?!s))?(?:(?<s>\d+)s)?(?:(?<ms>\d+)ms)?$/

/**
 * Milliseconds of a duration such as `30s`, `5m`, `1h30m` or `300ms`, or `0`; largest unit first, whole numbers.
 * Undefined for anything else: a plain number has no unit and is refused.
 */
export const parseDuration = (text: string): number | undefined => {
  if (text === '0') return 0
  const groups = text === '' ? undefined : shape.exec(text)?.groups
  if (!groups) return undefined
  let totalMs = 0
  for (const [unit, factor] of Object.entries(unitMs)) totalMs += Number(groups[unit] ?? 0) * factor
  return Number.isSafeInteger(totalMs) ? totalMs : undefined
}
