import { inWords } from '@foreman/jobs'

/** How far a run is. */
export interface Counts {
  /** Lines whose results are there, those of earlier runs included. */
  readonly done: number
  /** Those of this run that did not succeed. */
  readonly failed: number
  /** Lines that foreman has. */
  readonly submitted: number
  /** All lines. Undefined: nobody has counted them, or can. */
  readonly total: number | undefined
}

/** So much of the past says how fast it is. */
const LOOK_BACK_MS = 60_000

/** How fast something gets done. */
export class Speed {
  #samples: { readonly at: number; readonly done: number }[] = []

  note(done: number, at: number): void {
    this.#samples.push({ at, done })
    const old = this.#samples.findLastIndex(sample => sample.at <= at - LOOK_BACK_MS)
    if (old > 0) this.#samples.splice(0, old)
  }

  get perSecond(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (!first || !last || first.at === last.at) return 0
    return ((last.done - first.done) * 1_000) / (last.at - first.at)
  }
}

/**
 * How far a run is, in a line.
 *
 * @example
 * progressLine({ done: 41, failed: 0, submitted: 100, total: 100 }, 2.05) // '41 of 100 done, 0 failed, 2.1/s, ends in 29 s'
 */
export const progressLine = ({ done, failed, submitted, total }: Counts, perSecond: number): string => {
  const of =
    total === undefined ? `${done} done, of ${Math.max(done, submitted)} so far` : `${done} of ${total} done`
  const left = total === undefined ? undefined : total - done
  const end =
    left === undefined || left === 0 || perSecond === 0
      ? []
      : [`ends in ${inWords((left / perSecond) * 1_000)}`]
  return [of, `${failed} failed`, `${perSecond.toFixed(1)}/s`, ...end].join(', ')
}
