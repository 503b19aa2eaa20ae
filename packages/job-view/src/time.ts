/** The last time that JavaScript has. A time beyond it can only come from a damaged row. */
const MAX_MS = 8_640_000_000_000_000

/** A time as it stands in JSON (RFC 3339, in UTC). @param ms since the epoch */
export const time = (ms: number): string => new Date(Math.max(-MAX_MS, Math.min(ms, MAX_MS))).toISOString()
