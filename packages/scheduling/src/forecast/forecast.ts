import type { Line } from '../decide.ts'
import { courseOf, lineKey, type Outlook, type Stretch } from './course.ts'

/** When a job is likely to start. Times are milliseconds since the epoch. */
export interface Start {
  /** If nothing else arrives, and all takes as long as it usually does. */
  readonly at: number
  /** If the jobs before it take less than usual: one time in ten it starts even earlier. */
  readonly earliestAt: number
  /** If they take longer, and more jobs arrive, so that every turn before its own lasts for as long as it may. */
  readonly latestAt: number
}

export interface Estimate {
  /** How many of the queued jobs are likely to start before it. */
  readonly position: number
  /** Undefined: something that starts before it, or it itself, was never measured. */
  readonly start: Start | undefined
}

/** So many standard deviations below the mean is one in ten. */
const ONE_IN_TEN = 1.28

/** What the queue is likely to do. It holds from the moment that its outlook describes. */
export class Forecast {
  readonly #now: number
  readonly #likely: ReadonlyMap<string, readonly Stretch[]>
  readonly #latest: ReadonlyMap<string, readonly Stretch[]>

  constructor(outlook: Outlook) {
    this.#now = outlook.now
    this.#likely = courseOf(outlook, false)
    this.#latest = courseOf(outlook, true)
  }

  /**
   * When a job starts.
   *
   * @param before how many jobs of its line start before it
   * @returns undefined when the line was not there
   */
  of(line: Pick<Line, 'groupKey' | 'priority'>, before: number): Estimate | undefined {
    const likely = at(this.#likely.get(lineKey(line)), before)
    const latest = at(this.#latest.get(lineKey(line)), before)
    if (!likely || !latest) return undefined
    const { position, isMeasured, startAt } = likely
    const start = {
      at: startAt,
      earliestAt: Math.max(this.#now, startAt - ONE_IN_TEN * likely.deviationMs),
      latestAt: Math.max(startAt, latest.startAt) + ONE_IN_TEN * latest.deviationMs,
    }
    return { position, start: isMeasured ? start : undefined }
  }
}

const at = (stretches: readonly Stretch[] | undefined, before: number) => {
  // A job may be behind all that were counted: then it has arrived since.
  const stretch = stretches?.find(each => before < each.before + each.jobs) ?? stretches?.at(-1)
  if (!stretch) return undefined
  const ahead = before - stretch.before
  return {
    startAt: stretch.from + ahead * stretch.everyMs,
    deviationMs: Math.sqrt(stretch.variance + ahead * stretch.jobVariance),
    position: Math.floor(stretch.allBefore + ahead * stretch.allForEach),
    isMeasured: stretch.isMeasured,
  }
}
