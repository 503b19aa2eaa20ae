import { shownModel, time } from '@foreman/job-view'
import type { ArrivalOrder } from '@foreman/jobs'
import { weightsOf } from '@foreman/ollama-client'
import { type ArrivedJob, type InOrderOfArrival, inOrderOfArrival } from '@foreman/scheduling'
import type { RanJob, StoreReader, TimeRange } from '@foreman/store'
import type { Outlook } from '../forecast/outlook.ts'
import { groupName } from './snapshot.ts'

/** More jobs are not simulated. The last ones are kept. */
const MAX_JOBS = 5_000
/** So many turns before are looked at for what was in memory at the beginning. */
const TURNS_BEFORE = 50

export type ArrivalOutlook = Pick<Outlook, 'slots' | 'loadMs'> & {
  readonly target: Pick<Outlook['target'], 'residentGroups'>
}

/** What the order of arrival would have done with the jobs of a time. */
export const arrivalOrderOf = async (
  { history }: StoreReader,
  { slots, loadMs, target }: ArrivalOutlook,
  { from, until }: TimeRange,
): Promise<ArrivalOrder> => {
  // One more than counts, to learn whether there are more.
  const ran = await history.ran({ from, until }, MAX_JOBS + 1)
  const isCut = ran.length > MAX_JOBS
  const jobs = ran.slice(-MAX_JOBS)
  const begin = isCut ? jobs[0]!.createdAt : from
  const before = await history.turns({ from: 0, until: begin }, TURNS_BEFORE)
  const fits = fitsOf(jobs, target.residentGroups ?? [])
  const loads = loadsOf(jobs)
  const seen = new Map(loads.map(load => [load.groupKey, load.loadMs]))
  const served = inOrderOfArrival(jobs.map(arrivedJob), {
    slots,
    fits,
    loadMsOf: groupKey => Math.round(loadMs(groupKey)) || (seen.get(groupKey) ?? 0),
    memory: [...new Set(before.map(({ groupKey }) => groupKey).toReversed())].slice(0, fits),
  })
  const own = loads.filter(({ startedAt }) => startedAt >= begin)
  return {
    from: time(begin),
    until: time(until),
    jobs: jobs.length,
    is_cut: isCut,
    ...(served.endedAt !== undefined && { ended_at: time(served.endedAt) }),
    loads: served.loads,
    load_ms: served.loadMs,
    turns: served.turns.map(turnJson),
    actual: { loads: own.length, load_ms: own.reduce((sum, load) => sum + load.loadMs, 0) },
  }
}

/** How many models were in memory together: within a turn, nothing leaves it. At least as many as now. */
const fitsOf = (jobs: readonly RanJob[], residentGroups: readonly string[]): number => {
  const turns = Map.groupBy(
    jobs.filter(({ turn }) => turn),
    ({ turn }) => turn?.id,
  )
  return Math.max(1, modelsIn(residentGroups), ...[...turns.values()].map(ranTogether))
}

const modelsIn = (groups: readonly string[]): number => new Set(groups.map(weightsOf)).size

/** A model has two names at times, and two groups while the worker learns how it loads. */
const ranTogether = (jobs: readonly RanJob[]): number =>
  Math.min(
    modelsIn(jobs.map(({ groupKey }) => groupKey)),
    new Set(jobs.map(({ modelName }) => modelName)).size,
  )

interface Load {
  readonly groupKey: string
  readonly startedAt: number
  readonly loadMs: number
}

/** The loads of the turns in which these jobs ran. */
const loadsOf = (jobs: readonly RanJob[]): Load[] => {
  const loads = new Map<number, Load>()
  for (const { groupKey, turn } of jobs)
    if (turn && turn.loadMs !== null)
      loads.set(turn.id, { groupKey, startedAt: turn.startedAt, loadMs: turn.loadMs })
  return [...loads.values()]
}

const arrivedJob = (job: RanJob): ArrivedJob => ({
  groupKey: job.groupKey,
  model: shownModel(job.modelName),
  arrivedAt: job.createdAt,
  workMs: Math.max(0, job.finishedAt - job.startedAt - loadWithin(job)),
})

/** How much of the time of a job was a load. Where its answer does not say so, its turn may have had one meanwhile. */
const loadWithin = ({ loadMs, turn, startedAt, finishedAt }: RanJob): number => {
  if (loadMs !== null) return loadMs
  const loadedAt = turn?.loadedAt ?? -Infinity
  return loadedAt > startedAt && loadedAt <= finishedAt ? (turn?.loadMs ?? 0) : 0
}

const turnJson = (turn: InOrderOfArrival['turns'][number]): ArrivalOrder['turns'][number] => ({
  group: groupName(turn.groupKey),
  models: [...turn.models],
  from: time(turn.from),
  ...(turn.loadMs !== undefined && { loaded_at: time(turn.from + turn.loadMs), load_ms: turn.loadMs }),
  until: time(turn.until),
  jobs: turn.jobs,
})
