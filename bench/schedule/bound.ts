import type { SimulatedJob, View } from './simulate.ts'
import type { Trace } from './trace.ts'

/** The bound of docs/scheduling.md, stated a second time, so that a mistake in the policy is counted. */
const MAX_WAIT_S = 60
const LOADS_PER_TURN = 4
/** Sums of times differ by so much at the most. */
const TOLERANCE_S = 1e-6

/**
 * Counts the violations of the bound. A model that is not in memory may wait so long from the arrival of its oldest job or from the
 * start of the present turn, whichever is later; each load starts a turn. A job that begins while one has waited longer, and that is
 * of none that has, is a violation.
 */
export class BoundWatch {
  readonly #loadS: Trace['loadS']
  #turnStartedAt = 0
  violations = 0

  constructor(loadS: Trace['loadS']) {
    this.#loadS = loadS
  }

  /** Takes note of a choice. The chosen job is one of those that wait. */
  chosen({ model }: SimulatedJob, { now, waiting, memory }: View): void {
    const overdue = new Set<string>()
    for (const job of waiting)
      if (!memory.includes(job.model) && this.#isOverdue(job, now)) overdue.add(job.model)
    if (overdue.size > 0 && !overdue.has(model)) this.violations += 1
    if (!memory.includes(model)) this.#turnStartedAt = now
  }

  #isOverdue({ model, at }: SimulatedJob, now: number): boolean {
    const boundS = Math.max(MAX_WAIT_S, LOADS_PER_TURN * this.#loadS[model]!)
    return now - Math.max(at, this.#turnStartedAt) > boundS + TOLERANCE_S
  }
}
