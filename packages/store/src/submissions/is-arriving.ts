/** A gateway adds something to its arrival much more often than this. */
const SILENCE_MS = 30_000

/** Whether a gateway is still writing an arrival. A time that lies ahead is of a clock that has been set back. */
export const isArriving = (touchedAt: number | null, now: number): boolean =>
  touchedAt !== null && Math.abs(now - touchedAt) <= SILENCE_MS
