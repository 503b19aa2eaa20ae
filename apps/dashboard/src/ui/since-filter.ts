import type { Filter } from './filter-bar.tsx'

/** Rows since a time, which the URL may also have as a time of RFC 3339. */
export const sinceFilter: Filter = {
  name: 'since',
  label: 'Since',
  choices: [
    { value: '', label: 'any time' },
    { value: '15m', label: '15 minutes' },
    { value: '1h', label: '1 hour' },
    { value: '24h', label: '24 hours' },
    { value: '7d', label: '7 days' },
  ],
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

const AGO = /^(\d+)([mhd])$/

/** The time of RFC 3339 that is meant: it, or how long ago it is. */
export const timeOfSince = (since: string, now: number): string => {
  const [, count, unit = ''] = AGO.exec(since) ?? []
  return count === undefined ? since : new Date(now - Number(count) * UNITS_MS[unit]!).toISOString()
}

/** Since when, in words: `of the last 1h`. */
export const sinceInWords = (since: string): string =>
  AGO.test(since) ? `of the last ${since}` : `since ${since}`
