import type { QueueHistory } from '@foreman/jobs'

/** What is stacked: how much of it each caller had. */
export type Measure = 'target_ms' | 'jobs' | 'tokens'

export interface Stack {
  /** When its hour begins. */
  readonly at: number
  readonly parts: readonly { readonly caller: string; readonly value: number }[]
  readonly sum: number
}

export interface Stacks {
  readonly stacks: readonly Stack[]
  /** In the order in which they stand on each other. */
  readonly callers: readonly string[]
  readonly highest: number
}

/** Those who had little stand together at the end. */
const MOST = 7
export const OTHERS = 'all others'

/** A stack for each step of the last ones before `now`, also where nothing happened. Those who had most are at the bottom. */
export const stacksOf = (
  { step_ms: stepMs, steps }: QueueHistory,
  measure: Measure,
  { now, count }: { readonly now: number; readonly count: number },
): Stacks => {
  const totals = new Map<string, number>()
  for (const { callers } of steps)
    for (const { caller, [measure]: value } of callers) totals.set(caller, (totals.get(caller) ?? 0) + value)
  const ordered = [...totals].filter(([, total]) => total > 0).toSorted(([, a], [, b]) => b - a)
  const named = ordered.slice(0, ordered.length > MOST + 1 ? MOST : undefined).map(([caller]) => caller)
  const callers = named.length < ordered.length ? [...named, OTHERS] : named
  const byTime = new Map(steps.map(step => [Date.parse(step.at), step.callers]))
  const last = Math.floor(now / stepMs) * stepMs
  const stacks = Array.from({ length: count }, (_, index): Stack => {
    const at = last - (count - 1 - index) * stepMs
    const values = new Map<string, number>()
    for (const { caller, [measure]: value } of byTime.get(at) ?? []) {
      const name = named.includes(caller) ? caller : OTHERS
      values.set(name, (values.get(name) ?? 0) + value)
    }
    const parts = callers.flatMap(caller => {
      const value = values.get(caller) ?? 0
      return value > 0 ? [{ caller, value }] : []
    })
    return { at, parts, sum: parts.reduce((sum, { value }) => sum + value, 0) }
  })
  return { stacks, callers, highest: Math.max(0, ...stacks.map(({ sum }) => sum)) }
}
