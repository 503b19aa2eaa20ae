/**
 * How long after an answer's end the next request of the same caller for the same model came: counts by steps that double, and
 * as the last one how often it did not come. Each new count fades the older ones.
 */
export type Habit = readonly number[]

const STEPS = 14
const FIRST_STEP_MS = 50
/** What is left of the older counts after a new one. */
const FADE = 0.9

/** The upper ends of the steps: 50 ms, 100 ms, … 7 min. */
export const STEP_MS: readonly number[] = Array.from(
  { length: STEPS },
  (_, step) => FIRST_STEP_MS * 2 ** step,
)

/** Of a caller whose habits are not known: it may come back at once, but more likely not at all. */
export const UNKNOWN_HABIT: Habit = [...STEP_MS.map((_, step) => (step === 1 ? 0.5 : 0)), 1]

/** Counts a request that came `gapMs` after the answer before it. */
export const countGap = (habit: Habit = UNKNOWN_HABIT, gapMs: number): Habit => {
  const found = STEP_MS.findIndex(end => gapMs <= end)
  const step = found < 0 ? STEPS : found
  return habit.map((count, at) => count * FADE + (at === step ? 1 : 0))
}

/** A caller who was served from what is in memory, and has not come back since. */
export interface Awaited {
  readonly habit: Habit
  /** How long ago its last answer ended. */
  readonly goneMs: number
}

export interface Expecting {
  readonly awaited: readonly Awaited[]
  /** How long what is in memory would take to load again. */
  readonly loadMs: number
  /** How many jobs wait for something that is not in memory. */
  readonly waiting: number
}

/**
 * Decides how long it is worth to wait for somebody who is likely to come back, before what is in memory has to leave. For each
 * caller and each step, what a return saves is weighed against what the wait costs those who wait:
 *
 *     gain(T) = P(back by T | not back yet) × load − E[wait until then or T] × number of jobs that wait
 *
 * @returns the time of the greatest gain, in milliseconds from now. Undefined: no wait is worth it
 */
export const worthWaitingMs = ({ awaited, loadMs, waiting }: Expecting): number | undefined => {
  let best = { gain: 0, waitMs: undefined as number | undefined }
  for (const caller of awaited) {
    for (const { waitMs, backBy, expectedMs } of prospects(caller)) {
      const gain = backBy * loadMs - expectedMs * waiting
      if (gain > best.gain) best = { gain, waitMs }
    }
  }
  return best.waitMs
}

interface Prospect {
  readonly waitMs: number
  /** The probability that the caller is back by then. */
  readonly backBy: number
  /** How long the wait is likely to be: it ends when the caller is back. */
  readonly expectedMs: number
}

/** What to expect of each step that has not passed. */
const prospects = ({ habit, goneMs }: Awaited): Prospect[] => {
  const ahead = STEP_MS.map((end, step) => ({ waitMs: end - goneMs, count: habit[step] ?? 0 })).filter(
    ({ waitMs }) => waitMs > 0,
  )
  const all = ahead.reduce((sum, { count }) => sum + count, habit[STEPS] ?? 0)
  if (all === 0) return []
  let backBy = 0
  let returnsMs = 0
  return ahead.map(({ waitMs, count }) => {
    backBy += count / all
    returnsMs += (count / all) * waitMs
    return { waitMs, backBy, expectedMs: returnsMs + (1 - backBy) * waitMs }
  })
}
