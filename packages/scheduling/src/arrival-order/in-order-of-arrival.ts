import { type Memory, serve } from './serve.ts'
import { type BegunJob, type ServedTurn, turnsOf } from './turns.ts'

/** A job that has run, and so is known. Times are in milliseconds. */
export interface ArrivedJob {
  readonly groupKey: string
  readonly model: string
  readonly arrivedAt: number
  /** How long the target works on it, without a load. */
  readonly workMs: number
}

export interface Server {
  /** How many jobs of one group run at a time. */
  readonly slots: number
  /** How many groups are in memory at a time. */
  readonly fits: number
  readonly loadMsOf: (groupKey: string) => number
  /** What it has in memory at the beginning. */
  readonly memory: Memory
}

export interface InOrderOfArrival {
  readonly turns: readonly ServedTurn[]
  readonly loads: number
  readonly loadMs: number
  /** When the last job ended. Undefined: there was none. */
  readonly endedAt: number | undefined
}

/**
 * What a server would do that takes each job when it comes. Nothing passes what waits for room in memory; what waits for a slot of
 * its own group keeps nobody from theirs.
 *
 * @param jobs in the order of their arrival
 */
export const inOrderOfArrival = (jobs: readonly ArrivedJob[], server: Server): InOrderOfArrival => {
  const begun = [...begin(jobs, server)]
  const loads = begun.flatMap(({ loadMs }) => loadMs ?? [])
  return {
    turns: turnsOf(begun),
    loads: loads.length,
    loadMs: loads.reduce((sum, each) => sum + each, 0),
    endedAt:
      begun.length === 0 ? undefined : begun.reduce((end, { until }) => Math.max(end, until), -Infinity),
  }
}

/** A group in memory. */
interface Loaded {
  /** When its load is done. */
  readonly readyAt: number
  /** When each of its slots is free again. Those that were never used are left out. */
  readonly freeAt: number[]
}

const begin = function* (jobs: readonly ArrivedJob[], server: Server): Generator<BegunJob> {
  const { slots, fits, loadMsOf } = server
  const loaded = new Map<string, Loaded>()
  let { memory } = server
  let now = -Infinity
  for (const { groupKey, model, arrivedAt, workMs } of jobs) {
    now = Math.max(now, arrivedAt)
    const served = serve(groupKey, memory, fits)
    if (served.isLoad) {
      for (const left of [...loaded.keys()].filter(key => !served.memory.includes(key))) {
        now = Math.max(now, ...loaded.get(left)!.freeAt)
        loaded.delete(left)
      }
    }
    const loadMs = served.isLoad ? loadMsOf(groupKey) : undefined
    const group = loaded.get(groupKey) ?? { readyAt: now + (loadMs ?? 0), freeAt: [] }
    loaded.set(groupKey, group)
    memory = served.memory
    const beginsAt = Math.max(now, group.readyAt, takeSlot(group.freeAt, slots))
    group.freeAt.push(beginsAt + workMs)
    yield { groupKey, model, from: served.isLoad ? now : beginsAt, until: beginsAt + workMs, loadMs }
  }
}

/** Takes the slot that is free first. @returns when it is */
const takeSlot = (freeAt: number[], slots: number): number => {
  if (freeAt.length < slots) return -Infinity
  const first = Math.min(...freeAt)
  freeAt.splice(freeAt.indexOf(first), 1)
  return first
}
