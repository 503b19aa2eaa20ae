import { shownModel, time, whyGroupWaits } from '@foreman/job-view'
import {
  type CallerSnapshot,
  type GroupSnapshot,
  type HourSnapshot,
  type InFlightSnapshot,
  priorities,
  type QueueSnapshot,
  type ResidentSnapshot,
  type StorageSnapshot,
  type TargetSnapshot,
  type TurnSnapshot,
} from '@foreman/jobs'
import { type InFlightJob, type LineCount, type ResidentModel, type SampleRow, TALLIES } from '@foreman/store'
import { createHash } from 'node:crypto'
import { DEFAULT_CALLER } from '../access/callers.ts'
import { whatFor } from '../forecast/forecaster.ts'
import { queueState } from '../steering/state.ts'
import type { QueueFacts } from './facts.ts'
import { tallied } from './tallied.ts'

/** What the gateway knows, and not the file. */
export interface GatewayFacts {
  readonly version: string
  readonly health: QueueSnapshot['health']
  readonly accepting: boolean
  /** Whether the account of a job is the name of its caller. Otherwise there is one caller. */
  readonly hasTokens: boolean
}

/** How quickly the text of each running job grows, by the number of the job. */
export type Rates = ReadonlyMap<number, number>

/** Makes the snapshot that an operator sees. */
export const snapshotOf = (facts: QueueFacts, gateway: GatewayFacts, rates: Rates): QueueSnapshot => {
  const { at, lines, inFlight, outlook, messages } = facts
  const delayed = sum(facts.delayed, ({ jobs }) => jobs)
  const { state, holds } = queueState(facts.holds)
  const oldest = Math.min(...lines.map(({ oldestCreatedAt }) => oldestCreatedAt))
  return {
    at: time(at),
    version: gateway.version,
    state: state === 'running' && outlook.obstacle !== undefined ? 'away' : state,
    accepting: gateway.accepting,
    holds,
    health: gateway.health,
    queued: sum(lines, ({ jobs }) => jobs) + delayed,
    running: inFlight.length,
    delayed,
    ...(lines.length > 0 && { oldest_wait_ms: Math.max(0, at - oldest) }),
    targets: [targetOf(facts, rates)],
    groups: groupsOf(facts),
    callers: callersOf(facts, gateway),
    hour: hourOf(facts.hour),
    ever: everOf(facts),
    webhooks: {
      pending: messages.pending,
      ...(messages.oldestAt !== null && { oldest_ms: Math.max(0, at - messages.oldestAt) }),
      dead_day: facts.deadMessages,
    },
    storage: storageOf(facts),
  }
}

const targetOf = (facts: QueueFacts, rates: Rates): TargetSnapshot => {
  const { target, outlook, ollamaVersion, inFlight } = facts
  const turn = turnOf(facts)
  const next = nextOf(facts)
  return {
    name: 'default',
    state: target.state,
    since: time(target.since),
    ...(target.reason !== null && { reason: target.reason }),
    ...(ollamaVersion !== undefined && { ollama_version: ollamaVersion }),
    slots: outlook.slots,
    resident: (target.residents ?? []).flatMap(residentOf),
    ...(turn && { turn }),
    in_flight: inFlight.map(job => inFlightOf(job, facts, rates)),
    ...(next && { next }),
  }
}

const residentOf = ({ name, groups, bytes, expiresAt }: ResidentModel): ResidentSnapshot[] => {
  const model = {
    model: shownModel(name),
    ...(bytes !== null && { memory_bytes: bytes }),
    ...(expiresAt !== null && { expires_at: time(expiresAt) }),
  }
  return groups.length === 0 ? [model] : groups.map(group => ({ ...model, group: groupName(group) }))
}

/** The turn of a group, if it has any job left, or somebody is expected for it. */
export const turnOf = (facts: QueueFacts): TurnSnapshot | undefined => {
  const { turn, outlook, lines, inFlight, target } = facts
  if (!turn || turn.endedAt !== null) return undefined
  const isOfTurn = ({ groupKey }: { readonly groupKey: string }) => groupKey === turn.groupKey
  const left = sum(lines.filter(isOfTurn), ({ jobs }) => jobs)
  if (left === 0 && inFlight.length === 0 && !outlook.isExpecting) return undefined
  const { turnEndsAt } = outlook
  return {
    group: groupName(turn.groupKey),
    models: (turn.models ?? []).map(shownModel),
    reason: turn.reason,
    since: time(turn.startedAt),
    ...(turn.loadMs !== null && { load_ms: turn.loadMs }),
    jobs_done: turn.jobs,
    jobs_left: left,
    ...(turnEndsAt !== undefined && { must_yield_at: time(turnEndsAt) }),
    ...(outlook.isExpecting &&
      target.expectingUntil !== null && { expects: { until: time(target.expectingUntil) } }),
  }
}

const inFlightOf = (job: InFlightJob, { turn, at }: QueueFacts, rates: Rates): InFlightSnapshot => {
  const rate = rates.get(job.seq)
  const isLoading = job.startReason !== 'resident' && turn?.id === job.turn && turn.jobs === 0
  return {
    job: job.id,
    model: shownModel(job.modelName),
    caller: job.caller,
    phase: job.hasBegun ? 'generating' : isLoading ? 'loading' : 'prompt',
    started_at: time(job.startedAt),
    waited_ms: Math.max(0, Math.min(job.startedAt, at) - job.createdAt),
    ...(job.tokens !== null && { tokens: job.tokens }),
    ...(rate !== undefined && { tokens_per_second: Math.round(rate * 10) / 10 }),
  }
}

/** The group that is likely to get the next turn. */
const nextOf = (facts: QueueFacts): TargetSnapshot['next'] => {
  const { outlook, turn } = facts
  if (outlook.obstacle !== undefined || outlook.held.isPaused) return undefined
  const others = byGroup(facts.lines).filter(
    ([groupKey]) => groupKey !== turn?.groupKey && !outlook.isResident(groupKey),
  )
  const starts = others.flatMap(([groupKey, lines]) => {
    const start = startOf(lines, facts)
    return start ? [{ groupKey, lines, at: start.at }] : []
  })
  const [next] = starts.toSorted((a, b) => a.at - b.at)
  if (!next) return undefined
  const loadMs = outlook.loadMs(next.groupKey)
  return {
    group: groupName(next.groupKey),
    models: modelsOf(next.lines),
    at: time(next.at),
    ...(loadMs > 0 && { load_ms: Math.round(loadMs) }),
  }
}

const groupsOf = (facts: QueueFacts): GroupSnapshot[] =>
  byGroup(facts.lines)
    .map(([groupKey, lines]) => groupOf(groupKey, lines, facts))
    .toSorted((a, b) => b.oldest_wait_ms - a.oldest_wait_ms)

const groupOf = (groupKey: string, lines: readonly LineCount[], facts: QueueFacts): GroupSnapshot => {
  const { at, outlook, turn } = facts
  const { obstacle, held } = outlook
  const start = obstacle === undefined && !held.isPaused ? startOf(lines, facts) : undefined
  const { priority } = lines.find(line => !held.hasLine(line)) ?? lines[0]!
  const loadMs = outlook.loadMs(groupKey)
  const workMs = outlook.measuredJobMs(groupKey)
  const options = optionsOf(lines[0]!)
  const jobsLeft = sum(
    facts.lines.filter(line => line.groupKey === turn?.groupKey),
    ({ jobs }) => jobs,
  )
  return {
    group: groupName(groupKey),
    models: modelsOf(lines),
    ...(options && { load_options: options }),
    queued: queuedOf(lines),
    oldest_wait_ms: Math.max(0, at - Math.min(...lines.map(({ oldestCreatedAt }) => oldestCreatedAt))),
    ...(loadMs > 0 && { load_ms: Math.round(loadMs) }),
    ...(workMs !== undefined && { job_ms: Math.round(workMs) }),
    ...(start && {
      starts_in_ms: Math.max(0, Math.round(start.at - at)),
      starts_at_latest: time(Math.round(start.latestAt)),
    }),
    why: whyGroupWaits({
      waitsFor: whatFor({ groupKey, priority, account: '', availableAt: null }, outlook, at),
      jobsLeft,
      startsInMs: start && start.at - at,
      latestInMs: start && start.latestAt - at,
    }),
  }
}

/** When the first job of a group is likely to start. */
const startOf = (lines: readonly LineCount[], { outlook }: QueueFacts) =>
  lines
    .filter(line => !outlook.held.hasLine(line))
    .flatMap(line => outlook.forecast.of(line, 0)?.start ?? [])
    .toSorted((a, b) => a.at - b.at)
    .at(0)

const queuedOf = (lines: readonly LineCount[]): GroupSnapshot['queued'] => {
  const ofPriority = (name: (typeof priorities)[number]) =>
    sum(
      lines.filter(({ priority }) => priorities[priority] === name),
      ({ jobs }) => jobs,
    )
  return { high: ofPriority('high'), normal: ofPriority('normal'), low: ofPriority('low') }
}

const callersOf = (
  { hour, accounts, inFlight }: QueueFacts,
  { hasTokens }: GatewayFacts,
): CallerSnapshot[] => {
  const queued = new Map<string, number>()
  for (const { account, jobs } of accounts) {
    // Where nobody's use counts, jobs have no account.
    const caller = hasTokens ? account : DEFAULT_CALLER
    if (caller !== '') queued.set(caller, (queued.get(caller) ?? 0) + jobs)
  }
  const samples = Map.groupBy(
    hour.filter(({ caller }) => caller !== ''),
    ({ caller }) => caller,
  )
  const names = new Set([...queued.keys(), ...samples.keys(), ...inFlight.map(({ caller }) => caller)])
  const allMs = sum([...samples.values()].flat(), ({ busyMs }) => busyMs)
  return [...names].toSorted().map(caller => {
    const own = samples.get(caller) ?? []
    const targetMs = sum(own, ({ busyMs }) => busyMs)
    return {
      caller,
      queued: queued.get(caller) ?? 0,
      running: inFlight.filter(job => job.caller === caller).length,
      hour: {
        jobs: sum(own, ({ succeeded, failed, cancelled }) => succeeded + failed + cancelled),
        tokens: sum(own, ({ inputTokens, outputTokens }) => inputTokens + outputTokens),
        target_ms: targetMs,
        share: allMs === 0 ? 0 : Math.round((targetMs / allMs) * 1_000) / 1_000,
      },
    }
  })
}

const hourOf = (samples: readonly SampleRow[]): HourSnapshot => {
  const of = (name: keyof { [K in keyof SampleRow as SampleRow[K] extends number ? K : never]: true }) =>
    sum(samples, sample => sample[name])
  return {
    succeeded: of('succeeded'),
    failed: of('failed'),
    cancelled: of('cancelled'),
    input_tokens: of('inputTokens'),
    output_tokens: of('outputTokens'),
    loads: of('loads'),
    loads_in_arrival_order: of('arrivalLoads'),
    load_ms: of('loadMs'),
    load_ms_saved: of('arrivalLoadMs') - of('loadMs'),
    busy_ms: of('busyMs'),
  }
}

const everOf = ({ tallies, countingSince }: QueueFacts): QueueSnapshot['ever'] => ({
  since: time(countingSince),
  jobs: tallied(tallies, TALLIES.finished),
  loads: tallied(tallies, TALLIES.loads),
  loads_in_arrival_order: tallied(tallies, TALLIES.arrivalLoads),
  load_ms_saved: tallied(tallies, TALLIES.arrivalLoadMs) - tallied(tallies, TALLIES.loadMs),
})

export const storageOf = ({ storage, lastBackupAt }: QueueFacts): StorageSnapshot => ({
  file_bytes: storage.fileBytes,
  used_bytes: storage.usedBytes,
  wal_bytes: storage.walBytes,
  disk_free_bytes: storage.diskFreeBytes,
  ...(lastBackupAt !== undefined && { last_backup_at: time(lastBackupAt) }),
})

/** A short name of a group. It says nothing by itself: models and options do. */
export const groupName = (groupKey: string): string =>
  `g_${createHash('sha256').update(groupKey).digest('hex').slice(0, 8)}`

const modelsOf = (lines: readonly LineCount[]): string[] => [
  ...new Set(lines.map(({ modelName }) => shownModel(modelName))),
]

/** What the oldest job says about how its model is loaded. Undefined: nothing. */
const optionsOf = ({ loadOptions }: LineCount): Record<string, unknown> | undefined => {
  const { options = {}, ...rest } = JSON.parse(loadOptions) as Record<string, unknown>
  const said = { ...(options as Record<string, unknown>), ...rest }
  return Object.keys(said).length > 0 ? said : undefined
}

const byGroup = (lines: readonly LineCount[]): [groupKey: string, lines: LineCount[]][] => [
  ...Map.groupBy(lines, ({ groupKey }) => groupKey),
]

const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0)
