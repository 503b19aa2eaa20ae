/** A group that comes back within this time goes on with its turn, if nobody else had one meanwhile. */
export const SAME_TURN_MS = 60_000

/** A time in which a server had to load nothing more. Times are in milliseconds. */
export interface ServedTurn {
  readonly groupKey: string
  /** Those of its jobs, in the order in which they came. */
  readonly models: readonly string[]
  readonly from: number
  /** How long the load at its beginning took. Undefined: there was none. */
  readonly loadMs: number | undefined
  /** When its last job ended. */
  readonly until: number
  readonly jobs: number
}

export interface BegunJob {
  readonly groupKey: string
  readonly model: string
  /** With the load, if there was one. */
  readonly from: number
  readonly until: number
  readonly loadMs: number | undefined
}

/** Puts together the turns of jobs that were begun one after the other. */
export const turnsOf = (jobs: Iterable<BegunJob>): ServedTurn[] => {
  const turns: ServedTurn[] = []
  for (const job of jobs) {
    const last = turns.at(-1)
    if (last && job.loadMs === undefined && job.from - last.until < SAME_TURN_MS)
      turns[turns.length - 1] = joined(last, job)
    else {
      // What runs on in memory beside the load is of a turn that is over.
      if (last && last.until > job.from) turns[turns.length - 1] = { ...last, until: job.from }
      const { groupKey, model, from, until, loadMs } = job
      turns.push({ groupKey, models: [model], from, loadMs, until, jobs: 1 })
    }
  }
  return turns
}

const joined = (turn: ServedTurn, { model, until }: BegunJob): ServedTurn => ({
  ...turn,
  models: turn.models.includes(model) ? turn.models : [...turn.models, model],
  until: Math.max(turn.until, until),
  jobs: turn.jobs + 1,
})
