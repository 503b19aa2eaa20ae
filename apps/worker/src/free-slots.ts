import { weightsOf } from '@foreman/ollama-client'

interface InFlight {
  readonly groupKey: string
}

export interface SlotLimits {
  /** How many jobs of one loaded model run at the same time. */
  readonly concurrency: number
  /** How many loaded models have jobs at the same time. */
  readonly models: number
}

/** Whether the loaded model of a group has as many jobs in flight as it may. */
export const isBusy = (groupKey: string, inFlight: readonly InFlight[], limits: SlotLimits): boolean =>
  (countByWeights(inFlight).get(weightsOf(groupKey)) ?? 0) >= limits.concurrency

/** How many more jobs of a group may run beside those in flight. Groups that share their weights share their slots. */
export const freeSlots = (groupKey: string, inFlight: readonly InFlight[], limits: SlotLimits): number => {
  const counts = countByWeights(inFlight)
  const own = counts.get(weightsOf(groupKey))
  if (own === undefined && counts.size >= limits.models) return 0
  return limits.concurrency - (own ?? 0)
}

/** Whether no job of any group may run beside those in flight. */
export const isFull = (inFlight: readonly InFlight[], { concurrency, models }: SlotLimits): boolean => {
  const counts = countByWeights(inFlight)
  return counts.size >= models && [...counts.values()].every(count => count >= concurrency)
}

const countByWeights = (inFlight: readonly InFlight[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { groupKey } of inFlight) {
    const weights = weightsOf(groupKey)
    counts.set(weights, (counts.get(weights) ?? 0) + 1)
  }
  return counts
}
