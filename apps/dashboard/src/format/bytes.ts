const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** 42,000,000,000 bytes are `42 GB`, 1,500 are `1.5 kB`. */
export const bytes = (value: number): string => {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  const scaled = value / 1_000 ** power
  return `${scaled < 10 && power > 0 ? Number(scaled.toFixed(1)) : Math.round(scaled)} ${UNITS[power]}`
}
