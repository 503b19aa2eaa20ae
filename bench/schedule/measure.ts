import { percentile } from '../stats.ts'
import type { RunJob, Simulated } from './simulate.ts'

/** How long the jobs of one kind waited, in seconds. */
interface Waits {
  readonly kind: string
  readonly meanS: number
  readonly p99S: number
  readonly longestS: number
}

/** What an order of jobs has cost. Of several seeds, each figure is the mean. */
export interface Outcome {
  readonly jobs: number
  readonly loads: number
  readonly makespanS: number
  readonly waits: readonly Waits[]
  /** Jain's index of the share of the target that each caller got while it wanted it: 1 when all got the same. */
  readonly fairness: number
  /** How many jobs began in violation of the bound. */
  readonly violations: number
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

export const outcomeOf = (runs: readonly Simulated[]): Outcome => {
  const meanOf = (figure: (run: Simulated) => number) => mean(runs.map(figure))
  const kinds = [...new Set(runs.flatMap(({ done }) => done.map(({ kind }) => kind)))]
  return {
    jobs: meanOf(({ done }) => done.length),
    loads: meanOf(({ loads }) => loads),
    makespanS: meanOf(({ makespanS }) => makespanS),
    waits: kinds.map(kind => {
      const waitsOf = (run: Simulated) => run.done.filter(job => job.kind === kind).map(waitS)
      return {
        kind,
        meanS: meanOf(run => mean(waitsOf(run))),
        p99S: meanOf(run => percentile(waitsOf(run), 0.99)),
        longestS: meanOf(run => Math.max(...waitsOf(run))),
      }
    }),
    fairness: meanOf(({ done }) => jainsIndex([...shares(done).values()])),
    violations: meanOf(({ violations }) => violations),
  }
}

const waitS = ({ at, beganAt }: RunJob): number => beganAt - at

/** The share of the time that each caller got while it had a job in the queue or at work. */
const shares = (done: readonly RunJob[]): Map<string, number> => {
  const callers = Map.groupBy(done, ({ caller }) => caller)
  return new Map(
    [...callers].map(([caller, jobs]) => {
      const workS = jobs.reduce((sum, job) => sum + job.workS, 0)
      return [caller, workS / wantedS(jobs)]
    }),
  )
}

/** How long at least one of these jobs was there. */
const wantedS = (jobs: readonly RunJob[]): number => {
  let [total, coveredUpTo] = [0, 0]
  for (const { at, endedAt } of jobs.toSorted((a, b) => a.at - b.at)) {
    total += Math.max(0, endedAt - Math.max(at, coveredUpTo))
    coveredUpTo = Math.max(coveredUpTo, endedAt)
  }
  return total
}

export const jainsIndex = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) ** 2 /
  (values.length * values.reduce((sum, value) => sum + value ** 2, 0))
