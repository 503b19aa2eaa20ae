import { type Column, given, gt, lte, or, type SQL } from './drizzle.ts'

/**
 * Times in the file are times of the wall clock, which somebody may set back or forth by hours. Whoever compares a
 * stored time with the present uses these functions, so that a clock that was set back holds nothing up:
 *
 * - each stored time has a *horizon*: how far ahead of the present it can lie when it is written. 0 for the time of
 *   something that happened, the longest wait for the time at which something is due;
 * - a time beyond its horizon was written before the clock was set back. What is due then is due now.
 *
 * Times that a caller has given, such as a deadline, have no horizon and stay, and what is kept until a stored time is
 * kept longer after the clock was set back. A wait within one process uses
 * `performance.now()` or a timer, which no clock changes.
 */
export interface Present {
  readonly now: number
  readonly horizonMs: number
}

/** Whether a stored time lies beyond its horizon: the clock was set back since it was written. */
export const isBeyond = (at: number, { now, horizonMs }: Present): boolean => at > now + horizonMs

/** Whether the stored time of something that is due has come. */
export const hasCome = (at: number, present: Present): boolean => at <= present.now || isBeyond(at, present)

/** The values of `beyondHorizon` and `dueNow`. */
export const presentValues = ({ now, horizonMs }: Present): { now: number; horizon: number } => ({
  now,
  horizon: now + horizonMs,
})

/** `isBeyond` as a condition of SQL. A statement that is executed with it needs `presentValues`. */
export const beyondHorizon = (column: Column): SQL => gt(column, given('horizon'))

/** `hasCome` as a condition of SQL, of two parts that an index on the column answers. */
export const dueNow = (column: Column): SQL | undefined =>
  or(lte(column, given('now')), beyondHorizon(column))
