export interface Job {
  readonly model: string
  /** The earliest time at which the job can start, in ms. */
  readonly arrivesMs: number
}

export interface Costs {
  /** The time of a model load. */
  readonly loadMs: number
  /** The time of a job whose model is in memory. */
  readonly jobMs: number
}

export interface BestOrder {
  /** The jobs in the order in which they should run. */
  readonly order: readonly Job[]
  readonly makespanMs: number
  readonly loads: number
}

interface Step {
  readonly endsAtMs: number
  /** The model of the job that ran last. */
  readonly model: string
  /** How the jobs before this one ran. */
  readonly before: Step | undefined
  readonly job: Job
  readonly loads: number
}

/**
 * The order of the jobs that ends first, if all arrivals were known beforehand. One job runs at a time, with one model in
 * memory, and none at the start. Jobs of one model keep their order. Of several orders that end at the same time, one
 * with the fewest loads.
 *
 * The result is exact. The search visits each state "this many jobs of each model are done, this model ran last" once,
 * and reaching a state later is never better.
 */
export const bestOrder = (jobs: readonly Job[], { loadMs, jobMs }: Costs): BestOrder => {
  const models = [...new Set(jobs.map(({ model }) => model))]
  const queues = models.map(model =>
    jobs.filter(job => job.model === model).toSorted((a, b) => a.arrivesMs - b.arrivesMs),
  )
  let reached = new Map<string, { done: readonly number[]; step: Step | undefined }>()
  reached.set('', { done: models.map(() => 0), step: undefined })
  for (let count = 0; count < jobs.length; count++) {
    const next: typeof reached = new Map()
    for (const { done, step } of reached.values()) {
      for (const [at, model] of models.entries()) {
        const job = queues[at]?.[done[at] ?? 0]
        if (!job) continue
        const isLoad = step?.model !== model
        const startsAtMs = Math.max(step?.endsAtMs ?? 0, job.arrivesMs)
        const endsAtMs = startsAtMs + (isLoad ? loadMs : 0) + jobMs
        const loads = (step?.loads ?? 0) + (isLoad ? 1 : 0)
        const nowDone = done.with(at, (done[at] ?? 0) + 1)
        const key = `${nowDone.join()}/${model}`
        const known = next.get(key)?.step
        if (known && (known.endsAtMs < endsAtMs || (known.endsAtMs === endsAtMs && known.loads <= loads)))
          continue
        next.set(key, { done: nowDone, step: { endsAtMs, model, before: step, job, loads } })
      }
    }
    reached = next
  }
  return [...reached.values()]
    .map(({ step }) => unfold(step))
    .reduce((a, b) =>
      b.makespanMs < a.makespanMs || (b.makespanMs === a.makespanMs && b.loads < a.loads) ? b : a,
    )
}

const unfold = (last: Step | undefined): BestOrder => {
  const order: Job[] = []
  for (let step = last; step; step = step.before) order.unshift(step.job)
  return { order, makespanMs: last?.endsAtMs ?? 0, loads: last?.loads ?? 0 }
}
