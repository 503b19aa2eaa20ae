import { exponential, type Random, randomOf } from './random.ts'

/** A job that comes at a time that is known. All times are seconds. */
export interface Arrival {
  readonly at: number
  readonly caller: string
  readonly model: string
  /** How long the target works on it, without a load. */
  readonly workS: number
  /** What the tables put together. */
  readonly kind: string
  /** 0 is the most urgent; 1 when it is left out. */
  readonly priority?: number
}

/** One request of a caller that sends the next one after an answer. */
interface Step {
  readonly kind: string
  readonly workS: number
  /** How long after the answer before it the request comes. Left out for the first: the caller thinks then. */
  readonly gapS?: number
}

/** A caller that goes through its steps again and again. */
export interface Agent {
  readonly caller: string
  readonly model: string
  readonly steps: readonly Step[]
  readonly thinkS: number
  /** The time between two rounds: about as long as it thinks, or like that of a person, who may take much longer. */
  readonly thinks: 'evenly' | 'like a person'
  /** It begins nothing after this. */
  readonly untilS: number
}

/** What comes to the target. */
export interface Trace {
  readonly loadS: Readonly<Record<string, number>>
  readonly jobs: readonly Arrival[]
  readonly agents: readonly Agent[]
}

/** Makes a trace. Another seed gives another one of its kind. */
export type MakeTrace = (seed: number) => Trace

const SESSION_S = 900

const models = (count: number, loadS: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, loadS]))

const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

/** Jobs that come all at once, interleaved. */
export const batch =
  (count: number, modelCount: number, loadS: number): MakeTrace =>
  () => ({
    loadS: models(modelCount, loadS),
    jobs: times(count, at => ({
      at: at * 0.005,
      caller: `c${at % 5}`,
      model: `m${at % modelCount}`,
      workS: 1,
      kind: 'all',
    })),
    agents: [],
  })

/**
 * Jobs that come independently of each other. The first model is asked for twice as often as the second, three times as often as
 * the third, and so on.
 *
 * @param busy the share of the time that the work takes without any load
 */
export const independent =
  (count: number, modelCount: number, loadS: number, busy: number): MakeTrace =>
  seed => {
    const random = randomOf(seed)
    const weights = times(modelCount, at => 1 / (at + 1))
    const sum = weights.reduce((total, weight) => total + weight)
    const chooseModel = () => {
      let left = random() * sum
      const found = weights.findIndex(weight => (left -= weight) <= 0)
      return found < 0 ? modelCount - 1 : found
    }
    let at = 0
    return {
      loadS: models(modelCount, loadS),
      jobs: times(count, () => {
        at += exponential(random, 1 / busy)
        const model = `m${chooseModel()}`
        const caller = `c${Math.floor(random() * 8)}`
        return { at, caller, model, workS: 0.2 + exponential(random, 0.8), kind: 'all' }
      }),
      agents: [],
    }
  }

/** One caller with 500 jobs, and five people. */
export const bulk =
  (loadS: number, onOneModel: boolean): MakeTrace =>
  seed => {
    const random = randomOf(seed)
    const bulkJobs = times(500, at => ({
      at: 5 + at * 0.01,
      caller: 'bulk',
      model: 'm0',
      workS: 0.5 + random(),
      kind: 'bulk',
    }))
    const people = times(60, at => ({
      at: 5 + at * 8 + random() * 4,
      caller: `u${at % 5}`,
      model: onOneModel ? 'm0' : `m${at % 3}`,
      workS: 0.5 + random(),
      kind: onOneModel || at % 3 === 0 ? 'people, same model' : 'people, other models',
    }))
    return { loadS: models(3, loadS), jobs: [...bulkJobs, ...people], agents: [] }
  }

/** Normal jobs that almost fill the time, and some of high and of low priority. */
export const priorities =
  (loadS: number): MakeTrace =>
  seed => {
    const random = randomOf(seed)
    let at = 0
    const normal = times(600, () => {
      at += exponential(random, 1.15)
      return { at, caller: 'n', model: 'm0', workS: 1, kind: 'normal', priority: 1 }
    })
    const low = times(20, n => ({
      at: 10 + n * 20,
      caller: 'l',
      model: 'm0',
      workS: 1,
      kind: 'low',
      priority: 2,
    }))
    const high = times(20, n => ({
      at: 15 + n * 25,
      caller: 'h',
      model: 'm1',
      workS: 1,
      kind: 'high',
      priority: 0,
    }))
    return { loadS: models(2, loadS), jobs: [...normal, ...low, ...high], agents: [] }
  }

const callers =
  (
    prefix: string,
    count: number,
    modelCount: number,
    loadS: number,
    agent: Pick<Agent, 'steps' | 'thinkS' | 'thinks'>,
  ): MakeTrace =>
  () => ({
    loadS: models(modelCount, loadS),
    jobs: [],
    agents: times(count, at => ({
      ...agent,
      caller: `${prefix}${at}`,
      model: `m${at % modelCount}`,
      untilS: SESSION_S,
    })),
  })

/** Agents that send one request, and the next one when they have thought about the answer. */
export const agents = (
  count: number,
  modelCount: number,
  loadS: number,
  thinkS: number,
  workS: number,
): MakeTrace =>
  callers('a', count, modelCount, loadS, { steps: [{ kind: 'agent', workS }], thinkS, thinks: 'evenly' })

/** Agents that call tools: eight requests, a quarter of a second apart, and then a pause. */
export const toolAgents = (count: number, modelCount: number, loadS: number, pauseS: number): MakeTrace =>
  callers('t', count, modelCount, loadS, {
    steps: times(8, at => ({ kind: at === 0 ? 'task' : 'step', workS: 1, gapS: 0.25 })),
    thinkS: pauseS,
    thinks: 'like a person',
  })

/** People with a chat application: an answer, then follow-ups and tags that the application asks for, and then reading. */
export const people = (count: number, modelCount: number, loadS: number, readS: number): MakeTrace =>
  callers('p', count, modelCount, loadS, {
    steps: [
      { kind: 'answer', workS: 3 },
      { kind: 'what follows', workS: 1, gapS: 0.08 },
      { kind: 'what follows', workS: 0.5, gapS: 0.03 },
    ],
    thinkS: readS,
    thinks: 'like a person',
  })

/** When an agent sends its first request. */
export const firstAt = (agent: Agent, random: Random): number => random() * agent.thinkS

/** How long after an answer an agent sends its next request. */
export const pauseBefore = (agent: Agent, step: number, random: Random): number => {
  if (step > 0) return (agent.steps[step]?.gapS ?? 0) * (0.7 + 0.6 * random())
  return agent.thinks === 'evenly' ? agent.thinkS * (0.5 + random()) : exponential(random, agent.thinkS)
}
