import { type Memory, serve } from '@foreman/scheduling'
import { BoundWatch } from './bound.ts'
import { randomOf } from './random.ts'
import { type Agent, firstAt, pauseBefore, type Trace } from './trace.ts'

/** A job that waits, or has run. All times are seconds. */
export interface SimulatedJob {
  readonly seq: number
  readonly at: number
  readonly caller: string
  readonly model: string
  readonly kind: string
  readonly priority: number
  readonly workS: number
  readonly agent: Agent | undefined
}

export interface RunJob extends SimulatedJob {
  /** When the work began, after the load if there was one. */
  readonly beganAt: number
  readonly endedAt: number
}

/** What a policy sees when the target is free. */
export interface View {
  readonly now: number
  readonly waiting: readonly SimulatedJob[]
  /** The models in memory; the one used last comes first. */
  readonly memory: Memory
}

/** The job to run, or a time until which nothing is to be done. Undefined: nothing is to be done before the next arrival. */
type Decision = { readonly job: SimulatedJob } | { readonly untilS: number } | undefined

/** Decides what runs next, and hears of what happens. */
export interface Policy {
  choose(view: View): Decision
  arrived?(job: SimulatedJob): void
  ended?(job: RunJob): void
}

export type MakePolicy = (trace: Trace) => Policy

export interface Simulated {
  readonly done: readonly RunJob[]
  readonly loads: number
  readonly makespanS: number
  /** How many jobs began in violation of the bound. */
  readonly violations: number
}

/** Two times that differ by less are the same. */
const INSTANT_S = 1e-9

/**
 * Runs a trace: one target, so many models in memory, one job at a time.
 *
 * @param options.room how many models are in memory at a time
 */
export const simulate = (
  trace: Trace,
  makePolicy: MakePolicy,
  { room, seed }: { readonly room: number; readonly seed: number },
): Simulated => {
  const random = randomOf(seed * 7919 + 13)
  const policy = makePolicy(trace)
  const watch = new BoundWatch(trace.loadS)
  const arrivals = trace.jobs.toSorted((a, b) => a.at - b.at)
  /** The requests that agents are about to send. */
  const coming = trace.agents.map(agent => ({ at: firstAt(agent, random), agent, step: 0 }))
  /** The step of the agent's job that waits or runs. */
  const steps = new Map<Agent, number>()
  const waiting: SimulatedJob[] = []
  const done: RunJob[] = []
  let memory: Memory = []
  let [now, next, seq, loads] = [0, 0, 0, 0]

  const push = (job: Omit<SimulatedJob, 'seq'>): void => {
    const arrived = { ...job, seq: seq++ }
    waiting.push(arrived)
    policy.arrived?.(arrived)
  }
  const pushNext = (): boolean => {
    coming.sort((a, b) => a.at - b.at)
    const [arrival, agents] = [arrivals[next], coming[0]]
    if (arrival && arrival.at <= now && (!agents || arrival.at <= agents.at)) {
      next += 1
      push({ priority: 1, ...arrival, agent: undefined })
      return true
    }
    if (!agents || agents.at > now) return false
    coming.shift()
    const { at, agent, step } = agents
    const { kind, workS } = agent.steps[step]!
    steps.set(agent, step)
    const { caller, model } = agent
    push({ at, caller, model, kind, priority: 1, workS: workS * (0.5 + random()), agent })
    return true
  }
  const sendNext = (agent: Agent): void => {
    const step = ((steps.get(agent) ?? 0) + 1) % agent.steps.length
    if (now < agent.untilS) coming.push({ at: now + pauseBefore(agent, step, random), agent, step })
  }
  const nextArrival = (): number => Math.min(arrivals[next]?.at ?? Infinity, ...coming.map(({ at }) => at))
  const load = (model: string): void => {
    const served = serve(model, memory, room)
    memory = served.memory
    if (!served.isLoad) return
    loads += 1
    now += trace.loadS[model]!
  }

  for (;;) {
    while (pushNext());
    const decision = waiting.length === 0 ? undefined : policy.choose({ now, waiting, memory })
    if (!decision || 'untilS' in decision) {
      const at = Math.min(nextArrival(), decision?.untilS ?? Infinity)
      if (at === Infinity) return { done, loads, makespanS: now, violations: watch.violations }
      now = Math.max(at, now + INSTANT_S)
      continue
    }
    const { job } = decision
    watch.chosen(job, { now, waiting, memory })
    waiting.splice(waiting.indexOf(job), 1)
    load(job.model)
    const beganAt = now
    now += job.workS
    const ran = { ...job, beganAt, endedAt: now }
    done.push(ran)
    policy.ended?.(ran)
    if (job.agent) sendNext(job.agent)
  }
}
