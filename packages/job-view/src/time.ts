/** A time as it stands in JSON (RFC 3339, in UTC). @param ms since the epoch */
export const time = (ms: number): string => new Date(ms).toISOString()
