import { Experience } from '@foreman/experience'
import { endOf, Forecast, Gate, overdueMs, type Shares } from '@foreman/scheduling'
import {
  type HoldRow,
  isAlive,
  type LineCount,
  type RunningJob,
  type SchedulingRules,
  type Store,
  type TargetRow,
} from '@foreman/store'
import { type HeldBack, HeldReader } from './held.ts'

/** What the queue is likely to do, as it looked at one moment. */
export interface Outlook {
  /** When the queue was read, in milliseconds since the epoch. */
  readonly at: number
  readonly forecast: Forecast
  /** What it was made of. */
  readonly lines: readonly LineCount[]
  readonly target: TargetRow
  readonly holds: readonly HoldRow[]
  /** How much each has used. Undefined: the order of arrival decides. */
  readonly shares: Shares | undefined
  /** How long a job of a group takes, as far as anybody knows. */
  readonly jobMs: (groupKey: string) => number
  /** Undefined: it was never measured. */
  readonly measuredJobMs: (groupKey: string) => number | undefined
  /** Why nothing starts. */
  readonly obstacle: 'worker_away' | 'target_away' | undefined
  /** What operators and windows hold back. */
  readonly held: HeldBack
  /** Whether the target stands still, because a caller is likely to come back. */
  readonly isExpecting: boolean
  /** The group that has or had the turn. */
  readonly turn: { readonly groupKey: string; readonly model: string | undefined } | undefined
  readonly isResident: (groupKey: string) => boolean
  /** How many jobs of one model run at the same time. */
  readonly slots: number
  /** Until when the turn lasts at the most. Undefined: no other group waits. */
  readonly turnEndsAt: number | undefined
  /** How long a load of a group takes. 0: it is not known. */
  readonly loadMs: (groupKey: string) => number
  /** By how much each waiting group has waited for longer than it should. Empty while something keeps all from starting. */
  readonly overdueMs: () => ReadonlyMap<string, number>
}

/** What of the store it is read from. */
export interface OutlookSource {
  readonly queue: Pick<Store['queue'], 'turn' | 'memory'>
  readonly records: Pick<Store['records'], 'lineCounts' | 'running'>
  readonly target: Pick<Store['target'], 'read'>
  readonly workers: Pick<Store['workers'], 'active'>
  readonly holds: Pick<Store['holds'], 'list'>
  readonly catalogue: Pick<Store['catalogue'], 'model'>
}

/** What the worker decides by, as long as none has said so. */
const USUAL_RULES: SchedulingRules = {
  maxWaitMs: 60_000,
  maxWaitLowMs: 600_000,
  halfLifeMs: 300_000,
  concurrency: 1,
}

/** How long a job takes whose group is not known. */
const USUAL_JOB_MS = 1_000

/** The least that a job needs that has run for longer than usual, as a part of the usual. */
const REST = 0.2

/** Reads the queue, and foretells what it does. */
export class OutlookReader {
  readonly #store: OutlookSource
  /** What the worker has learned, and the text that says so: it is long, and changes seldom. */
  #learned: {
    readonly text: string | undefined
    readonly halfLifeMs: number
    readonly experience: Experience
  } = { text: undefined, halfLifeMs: 0, experience: new Experience(0) }
  readonly #held: HeldReader
  readonly #gate = new Gate()

  constructor(store: OutlookSource) {
    this.#store = store
    this.#held = new HeldReader(store)
  }

  async read(now: number): Promise<Outlook> {
    const { queue, records, target, workers, holds: allHolds } = this.#store
    const [all, running, turn, memory, state, worker, holds] = await Promise.all([
      records.lineCounts(),
      records.running(),
      queue.turn(),
      queue.memory(),
      target.read(),
      workers.active(),
      allHolds.list(now),
    ])
    const rules = state.rules ?? USUAL_RULES
    const held = await this.#held.read(holds, rules, now)
    // The jobs of a caller that is held are counted as if they were not.
    const lines = all.filter(line => !held.hasLine(line))
    // What was held back when it was read last does not wait for longer than since then.
    const isHeld = (line: LineCount) => held.isPaused || held.hasLine(line)
    const waiting = this.#gate.pass(
      all,
      line => (isHeld(line) ? { starts: 'none', held: 'line' } : { starts: 'all' }),
      now,
    )
    const experience = this.#experience(memory, rules.halfLifeMs)
    const { figures } = experience
    const resident = new Set(state.residentGroups)
    const isResident = (groupKey: string) => resident.has(groupKey)
    const hasTurn = ({ groupKey }: { readonly groupKey: string }) => groupKey === turn?.groupKey
    const isExpecting = state.expectingUntil !== null && state.expectingUntil > now
    const isOver = running.length === 0 && !isExpecting && !lines.some(hasTurn)
    const situation = {
      ...rules,
      lines,
      turn: turn && { ...turn, isOver },
      isResident,
      now,
      freeAt: Math.max(
        freeAt(running, { experience, rules, now }),
        (isExpecting && state.expectingUntil) || now,
      ),
      loadMs: (groupKey: string) => figures.loadMs(groupKey),
      workOf: (groupKey: string) => {
        const { workMs, workDeviationMs = 0 } = figures.of(groupKey)
        return workMs === undefined ? undefined : { meanMs: workMs, deviationMs: workDeviationMs }
      },
      servedAt: (groupKey: string) => experience.servedAt(groupKey),
    }
    const obstacle = isAlive(worker, now)
      ? state.state === 'away'
        ? 'target_away'
        : undefined
      : 'worker_away'
    const ableSince = Math.max(state.since, worker?.startedAt ?? 0)
    const turnEndsAt = situation.turn ? endOf(situation.turn, situation) : Infinity
    return {
      at: now,
      forecast: new Forecast(situation),
      lines: all,
      target: state,
      holds,
      slots: rules.concurrency,
      turnEndsAt: turnEndsAt < Infinity ? turnEndsAt : undefined,
      loadMs: situation.loadMs,
      shares: experience.shares(running, now),
      measuredJobMs: groupKey => figures.of(groupKey).workMs,
      jobMs: groupKey => figures.of(groupKey).workMs ?? USUAL_JOB_MS,
      held,
      obstacle,
      overdueMs: () =>
        obstacle === undefined
          ? overdueMs({ ...situation, lines: waiting, served: experience.served, ableSince })
          : new Map(),
      isExpecting,
      turn: turn && { groupKey: turn.groupKey, model: [...running, ...all].find(hasTurn)?.modelName },
      isResident,
    }
  }

  #experience(text: string | undefined, halfLifeMs: number): Experience {
    if (text !== this.#learned.text || halfLifeMs !== this.#learned.halfLifeMs) {
      const experience = new Experience(halfLifeMs)
      if (text !== undefined) experience.takeOver(text)
      this.#learned = { text, halfLifeMs, experience }
    }
    return this.#learned.experience
  }
}

interface Known {
  readonly experience: Experience
  readonly rules: SchedulingRules
  readonly now: number
}

/** When the target is likely to take the next job. */
const freeAt = (running: readonly RunningJob[], { experience, rules, now }: Known): number => {
  if (running.length < rules.concurrency) return now
  const { figures } = experience
  const ends = running.map(({ groupKey, startedAt, startReason }) => {
    const workMs = figures.of(groupKey).workMs ?? USUAL_JOB_MS
    const loadMs = startReason === 'resident' ? 0 : figures.loadMs(groupKey)
    return Math.max(startedAt + loadMs + workMs, now + REST * workMs)
  })
  return Math.min(...ends)
}
