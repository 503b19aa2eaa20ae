import { isBeyond } from '../stored-time.ts'

/** A gateway adds something to its arrival much more often than this. */
const SILENCE_MS = 30_000

/** Whether a gateway is still writing an arrival. */
export const isArriving = (touchedAt: number | null, now: number): boolean =>
  touchedAt !== null && now - touchedAt <= SILENCE_MS && !isBeyond(touchedAt, { now, horizonMs: SILENCE_MS })
