import { bestOrder } from '../best-order.ts'
import type { Arrival, Trace } from './trace.ts'

/** What is possible for somebody who knows all arrivals. */
export type Hindsight =
  /** The order that ends first, and with the fewest loads of those. */
  | { readonly kind: 'best'; readonly makespanS: number; readonly loads: number }
  /** No order ends earlier. Perhaps none ends so early. */
  | { readonly kind: 'bound'; readonly makespanS: number }

/** Of more choices than that, the best order takes too long to compute. */
const MOST_CHOICES = 2_000_000
const US = 1e6

/**
 * What is possible for a trace, with so many models in memory. Undefined: it depends on the order when the jobs come.
 */
export const hindsightOf = (trace: Trace, room: number): Hindsight | undefined => {
  if (trace.agents.length > 0) return undefined
  if (room > 1 || choices(trace.jobs) > MOST_CHOICES)
    return { kind: 'bound', makespanS: leastMakespanS(trace, room) }
  const jobs = trace.jobs.map(({ model, at, workS }) => ({
    model,
    arrivesAt: Math.round(at * US),
    takes: Math.round(workS * US),
  }))
  const { makespan, loads } = bestOrder(jobs, model => Math.round(trace.loadS[model]! * US))
  return { kind: 'best', makespanS: makespan / US, loads }
}

/** How many choices an exact search may come to: so many jobs of each model are done, and one model is in memory. */
const choices = (jobs: readonly Arrival[]): number => {
  const queues = [...Map.groupBy(jobs, ({ model }) => model).values()]
  return queues.reduce((product, { length }) => product * (length + 1), queues.length)
}

/**
 * A time before which no order ends. All that comes from one moment on is done after that moment, and each of its models is loaded
 * after it, except those that are in memory: at the start none is.
 */
export const leastMakespanS = ({ loadS, jobs }: Trace, room: number): number => {
  let [workS, leastS] = [0, 0]
  const models = new Set<string>()
  for (const [left, { at, model, workS: itsWorkS }] of jobs.toSorted((a, b) => b.at - a.at).entries()) {
    workS += itsWorkS
    models.add(model)
    const inMemory = left === jobs.length - 1 ? 0 : room
    const loadsS = [...models].map(name => loadS[name]!).toSorted((a, b) => b - a)
    leastS = Math.max(leastS, at + workS + loadsS.slice(inMemory).reduce((sum, one) => sum + one, 0))
  }
  return leastS
}
