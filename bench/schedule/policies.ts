import {
  addUse,
  type Awaited,
  type Bounds,
  chooseJob,
  countGap,
  decide,
  type Habit,
  levelOf,
  type Line,
  type Turn,
  UNKNOWN_HABIT,
  type Use,
  usedNowMs,
} from '@foreman/scheduling'
import type { MakePolicy, Policy, RunJob, SimulatedJob, View } from './simulate.ts'
import type { Trace } from './trace.ts'

const MS = 1_000

/** What Ollama itself does. */
export const inOrderOfArrival: MakePolicy = () => ({
  choose: ({ waiting }) => {
    const [first] = waiting
    return first && { job: first }
  },
})

export interface ForemanOptions extends Bounds {
  /** Half of a caller's use is forgotten after this time. 0: the order of arrival decides between callers. */
  readonly halfLifeMs: number
  /** Whether to wait for callers who are likely to come back. */
  readonly expects: boolean
  /**
   * Whether loads and turns count: the time of loads extends the bound, what is in memory together is one pool, and of several
   * models that have waited too long, the one that was served longest ago is next.
   */
  readonly knowsTheTarget: boolean
}

/** What foreman does unless it is told otherwise. */
export const defaults: ForemanOptions = {
  maxWaitMs: 60_000,
  maxWaitLowMs: 600_000,
  halfLifeMs: 300_000,
  expects: true,
  knowsTheTarget: true,
}

/** The policy of foreman: the functions that the worker calls, with what the worker would know. */
export const foreman =
  (differing: Partial<ForemanOptions> = {}): MakePolicy =>
  trace =>
    new ForemanPolicy(trace, { ...defaults, ...differing })

/** One model after the other, as long as it has jobs; another one's turn comes when it has waited for `maxWaitMs`. */
export const drain = (maxWaitMs: number): MakePolicy =>
  foreman({ maxWaitMs, maxWaitLowMs: Infinity, halfLifeMs: 0, expects: false, knowsTheTarget: false })

class ForemanPolicy implements Policy {
  readonly #trace: Trace
  readonly #options: ForemanOptions
  readonly #uses = new Map<string, Use>()
  readonly #habits = new Map<string, Habit>()
  /** When the last answer of a caller and a model ended, if no request has followed. */
  readonly #gone = new Map<string, { readonly model: string; readonly at: number }>()
  /** When a job of a model was last begun, or has ended. */
  readonly #servedAt = new Map<string, number>()
  #turn: Turn | undefined
  #standingSince: number | undefined

  constructor(trace: Trace, options: ForemanOptions) {
    this.#trace = trace
    this.#options = options
  }

  arrived({ at, caller, model }: SimulatedJob): void {
    const key = `${caller} ${model}`
    const gone = this.#gone.get(key)
    if (!gone) return
    this.#gone.delete(key)
    this.#habits.set(key, countGap(this.#habits.get(key), at * MS - gone.at))
  }

  ended({ caller, model, workS, endedAt }: RunJob): void {
    const now = endedAt * MS
    const { halfLifeMs } = this.#options
    if (halfLifeMs > 0)
      this.#uses.set(caller, addUse(this.#uses.get(caller), workS * MS, { now, halfLifeMs }))
    this.#gone.set(`${caller} ${model}`, { model, at: now })
    this.#servedAt.set(model, now)
  }

  choose(view: View) {
    const now = view.now * MS
    const { halfLifeMs, knowsTheTarget, expects } = this.#options
    const isResident = (model: string) => knowsTheTarget && view.memory.includes(model)
    const isElsewhere = ({ model }: SimulatedJob) => model !== this.#turn?.groupKey && !isResident(model)
    const decision = decide({
      ...this.#options,
      turn: this.#turn,
      isResident,
      lines: linesOf(view.waiting),
      now,
      loadMs: model => (knowsTheTarget ? this.#trace.loadS[model]! * MS : 0),
      servedAt: model => (knowsTheTarget ? (this.#servedAt.get(model) ?? 0) : 0),
      expectation: expects
        ? {
            awaited: this.#awaited(view.memory, now),
            waiting: view.waiting.filter(isElsewhere).length,
            standingMs: now - (this.#standingSince ?? now),
          }
        : undefined,
    })
    if (!decision) return undefined
    if ('waitMs' in decision) {
      this.#standingSince ??= now
      return { untilS: (now + decision.waitMs) / MS }
    }
    this.#standingSince = undefined
    const candidates = view.waiting
      .filter(({ model }) => decision.groupKeys.includes(model))
      .map(job => ({
        job,
        seq: job.seq,
        groupKey: job.model,
        account: job.caller,
        sender: '',
        level: levelOf({ priority: job.priority, createdAt: job.at * MS }, { ...this.#options, now }),
      }))
    const chosen = chooseJob(candidates, {
      ofAccount: caller => (halfLifeMs > 0 ? usedNowMs(this.#uses.get(caller), now, halfLifeMs) : 0),
      ofName: () => 0,
    })!
    this.#servedAt.set(chosen.groupKey, now)
    this.#turn = { groupKey: chosen.groupKey, startedAt: decision.turnStartedAt, isOver: false }
    return { job: chosen.job }
  }

  #awaited(memory: readonly string[], now: number): Awaited[] {
    return [...this.#gone]
      .filter(([, { model }]) => memory.includes(model))
      .map(([key, { at }]) => ({ habit: this.#habits.get(key) ?? UNKNOWN_HABIT, goneMs: now - at }))
  }
}

/** The lines of those who wait, by model and priority. */
const linesOf = (waiting: readonly SimulatedJob[]): Line[] => {
  const lines = new Map<string, Line>()
  for (const { seq, model, priority, at } of waiting) {
    const key = `${model} ${priority}`
    if ((lines.get(key)?.oldestSeq ?? Infinity) > seq)
      lines.set(key, { groupKey: model, priority, oldestSeq: seq, oldestCreatedAt: at * MS })
  }
  return [...lines.values()]
}
