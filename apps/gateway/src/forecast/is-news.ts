import type { Prospect } from '@foreman/job-view'

/** How long a follower hears nothing of a changed estimate. */
export const ESTIMATE_EVERY_MS = 5_000

/** How long a job waits before its follower hears of an estimate. */
export const FIRST_ESTIMATE_MS = 1_000

/** A change of an estimate by less is not told. */
const CHANGE = 1 / 5

/** Whether a job's prospect differs so much from the one that was told last that its follower should hear of it. */
export const isNews = (told: Prospect | undefined, now: Prospect): boolean => {
  if (!told || told.why.code !== now.why.code) return true
  if ((told.start === undefined) !== (now.start === undefined)) return true
  return (
    differ(told.position ?? 0, now.position ?? 0) ||
    differ(restMs(told.start?.at, now.now), restMs(now.start?.at, now.now))
  )
}

const restMs = (at: number | undefined, now: number): number => Math.max(0, (at ?? now) - now)

const differ = (a: number, b: number): boolean => Math.abs(a - b) > CHANGE * Math.max(a, b)
