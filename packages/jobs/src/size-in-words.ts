const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/**
 * A size as a person says it, as exact as is of use. A unit is a thousand of the one before it, as in the settings.
 *
 * @example
 * sizeInWords(1_500) // '1.5 kB'
 * sizeInWords(42_000_000_000) // '42 GB'
 */
export const sizeInWords = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const scaled = bytes / 1_000 ** power
  return `${scaled < 10 && power > 0 ? Number(scaled.toFixed(1)) : Math.round(scaled)} ${UNITS[power]}`
}
