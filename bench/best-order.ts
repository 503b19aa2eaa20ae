/** Times are whole numbers of one unit: sums of fractions would differ in their last digits by the order. */
export interface Job {
  readonly model: string
  /** The earliest time at which the job, or the load for it, can start. */
  readonly arrivesAt: number
  /** How long it takes when its model is in memory. */
  readonly takes: number
}

export interface BestOrder {
  /** The jobs in the order in which they should run. */
  readonly order: readonly Job[]
  readonly makespan: number
  readonly loads: number
}

/** What the target has done up to a time at which nothing waits for the model in memory. */
interface Step {
  readonly endsAt: number
  readonly loads: number
  /** The place of the model in memory. */
  readonly model: number
  /** How many jobs of each model are done. */
  readonly done: readonly number[]
  /** What ran last, without a pause. */
  readonly ran: readonly Job[]
  readonly before: Step | undefined
}

/**
 * The order of the jobs that ends first, if all arrivals were known beforehand. One job runs at a time, with one model in
 * memory, and none at the start. Jobs of one model keep their order. Of several orders that end at the same time, one
 * with the fewest loads.
 *
 * The result is exact. A job for the model in memory that waits may as well run at once: those between now and its later place
 * then run later by its time, those behind that place no later than before, and no load is added. So it is enough to choose
 * when nothing waits for the model in memory: to wait for its next job, or to load another model. Of the ways to reach the same
 * choice, those that end later without saving a load are dropped.
 *
 * @param loadOf how long a model takes to load
 */
export const bestOrder = (jobs: readonly Job[], loadOf: (model: string) => number): BestOrder => {
  const models = [...new Set(jobs.map(({ model }) => model))]
  const queues = models.map(model =>
    jobs.filter(job => job.model === model).toSorted((a, b) => a.arrivesAt - b.arrivesAt),
  )
  /** By the number of jobs that are done: the ways to do those of each model and to end with one model. */
  const reached = Array.from({ length: jobs.length + 1 }, () => new Map<string, readonly Step[]>())
  const reach = (step: Step): void => {
    const ways = reached[step.done.reduce((sum, count) => sum + count, 0)]!
    const key = `${step.done.join()}/${step.model}`
    const known = ways.get(key) ?? []
    if (known.some(other => isNoWorse(other, step))) return
    ways.set(key, [...known.filter(other => !isNoWorse(step, other)), step])
  }
  /** Runs what waits for a model, from its next job on. */
  const run = (before: Step, model: number): Step => {
    const queue = queues[model]!
    const done = before.done[model]!
    const isLoad = before.model !== model
    let endsAt = Math.max(before.endsAt, queue[done]!.arrivesAt) + (isLoad ? loadOf(models[model]!) : 0)
    let next = done
    for (; (queue[next]?.arrivesAt ?? Infinity) <= endsAt; next++) endsAt += queue[next]!.takes
    return {
      endsAt,
      loads: before.loads + (isLoad ? 1 : 0),
      model,
      done: before.done.with(model, next),
      ran: queue.slice(done, next),
      before,
    }
  }
  const start = { endsAt: 0, loads: 0, model: -1, done: models.map(() => 0), ran: [], before: undefined }
  reach(start)
  for (const ways of reached.slice(0, -1)) {
    for (const step of [...ways.values()].flat())
      for (const [model, queue] of queues.entries())
        if (step.done[model]! < queue.length) reach(run(step, model))
    ways.clear()
  }
  const last = [...(reached.at(-1)?.values() ?? [])]
    .flat()
    .reduce((a, b) => (b.endsAt < a.endsAt || (b.endsAt === a.endsAt && b.loads < a.loads) ? b : a))
  return { order: unfold(last), makespan: last.endsAt, loads: last.loads }
}

type Cost = Pick<Step, 'endsAt' | 'loads'>

const isNoWorse = (a: Cost, b: Cost): boolean => a.endsAt <= b.endsAt && a.loads <= b.loads

const unfold = (last: Step): Job[] => {
  const runs: (readonly Job[])[] = []
  for (let step: Step | undefined = last; step; step = step.before) runs.unshift(step.ran)
  return runs.flat()
}
