import type { LoggedChange } from '../values.ts'
import { arrive, type Fit, type LastGroups } from './arrive.ts'
import { countChange, type CountedJob, countSubmitted } from './count-change.ts'
import { Increments, minuteOf } from './increments.ts'
import { TALLIES } from './tallies.ts'

/** One change in the log of all jobs, with its job. */
export interface CountedEntry {
  readonly change: LoggedChange
  /** Undefined: the job is deleted, with all that could be counted of it. */
  readonly job: CountedJob | undefined
}

/** What the next step has to know. It is kept with what is counted. */
export interface CountingState {
  readonly groups: LastGroups
  /** Arrivals of which changes are in the log, and which are not accepted yet. */
  readonly pending: readonly PendingArrival[]
}

/** The jobs of an arrival. They count when it is accepted. */
export interface PendingArrival {
  readonly arrival: number
  /** One of its jobs. */
  readonly witness: number
  /** Labels and numbers of its jobs. */
  readonly submitted: Readonly<Record<string, number>>
  readonly loads: number
  readonly loadMs: number
  /** As if it were accepted at once. */
  readonly groups: LastGroups
}

export interface CountingFacts extends Fit {
  readonly now: number
  /** What became of an arrival. */
  readonly fateOf: (pending: Pick<PendingArrival, 'arrival' | 'witness'>) => 'pending' | 'accepted' | 'gone'
}

export interface Counted {
  readonly increments: Increments
  readonly state: CountingState
}

/** Counts the next changes of the log, and the arrivals that were accepted since. */
export const countLog = (
  entries: Iterable<CountedEntry>,
  state: CountingState,
  facts: CountingFacts,
): Counted => {
  const increments = new Increments()
  const pending = new Map<number, PendingArrival>()
  const loads = new Map<number, Load>()
  let { groups } = state
  for (const arrival of state.pending) {
    const fate = facts.fateOf(arrival)
    if (fate === 'pending') pending.set(arrival.arrival, arrival)
    if (fate !== 'accepted') continue
    countAccepted(arrival, facts.now, increments)
    groups = arrival.groups
  }
  for (const { change, job } of entries) {
    if (!job) continue
    if (change.type !== 'queued') {
      countChange(change, job, increments)
      continue
    }
    if (job.arrival !== null) {
      pending.set(job.arrival, addTo(pending.get(job.arrival), job, { groups, facts, at: change.at }))
      continue
    }
    countSubmitted(job, change.at, increments)
    const arrived = arrive(job.groupKey, groups, facts)
    groups = arrived.groups
    if (arrived.loadMs !== undefined) addLoad(loads, arrived.loadMs, change.at)
  }
  for (const { at, ...ofMinute } of loads.values()) countLoads(ofMinute, at, increments)
  return { increments, state: { groups, pending: [...pending.values()] } }
}

const addTo = (
  before: PendingArrival | undefined,
  job: CountedJob,
  { groups, facts, at }: { readonly groups: LastGroups; readonly facts: Fit; readonly at: number },
): PendingArrival => {
  const own = new Increments()
  countSubmitted(job, at, own)
  const [tally] = own.tallies
  const arrival = before ?? {
    arrival: job.arrival!,
    witness: job.seq,
    submitted: {},
    loads: 0,
    loadMs: 0,
    groups,
  }
  const arrived = arrive(job.groupKey, arrival.groups, facts)
  const labels = tally!.labels
  return {
    ...arrival,
    submitted: { ...arrival.submitted, [labels]: (arrival.submitted[labels] ?? 0) + 1 },
    loads: arrival.loads + (arrived.loadMs === undefined ? 0 : 1),
    loadMs: arrival.loadMs + (arrived.loadMs ?? 0),
    groups: arrived.groups,
  }
}

const countAccepted = (
  { submitted, ...loads }: PendingArrival,
  now: number,
  increments: Increments,
): void => {
  for (const [labels, jobs] of Object.entries(submitted))
    increments.count(TALLIES.submitted, JSON.parse(labels) as Record<string, string>, now, jobs)
  countLoads(loads, now, increments)
}

/** The loads of a minute. They are summed up here: to add each to the increments would be a fifth of the counting. */
interface Load extends Pick<PendingArrival, 'loads' | 'loadMs'> {
  /** When the last of them was. */
  readonly at: number
}

const addLoad = (loads: Map<number, Load>, loadMs: number, at: number): void => {
  const minute = minuteOf(at)
  const before = loads.get(minute)
  loads.set(minute, {
    at: Math.max(before?.at ?? at, at),
    loads: (before?.loads ?? 0) + 1,
    loadMs: (before?.loadMs ?? 0) + loadMs,
  })
}

const countLoads = (
  { loads, loadMs }: Pick<PendingArrival, 'loads' | 'loadMs'>,
  at: number,
  increments: Increments,
): void => {
  const ms = Math.round(loadMs)
  increments.count(TALLIES.arrivalLoads, {}, at, loads)
  increments.count(TALLIES.arrivalLoadMs, {}, at, ms)
  if (loads > 0) increments.sample(at, '', { arrivalLoads: loads, arrivalLoadMs: ms })
}
