import { isHereIn, type Line, type Situation, startOf, waitOf } from './decide.ts'

/** What the promise depends on: that each group gets its turn, and when at the latest. */
export interface OverdueSituation extends Pick<
  Situation,
  'turn' | 'isResident' | 'now' | 'maxWaitMs' | 'loadMs' | 'servedAt'
> {
  /** The lines that may start. What is held back waits for something else. */
  readonly lines: readonly Line[]
  /** Since when anything can start. Before that nobody waited for a turn. */
  readonly ableSince: number
  /** When the target last worked for each group, as far as anybody knows. */
  readonly served: ReadonlyMap<string, number>
}

/**
 * By how much each group has waited for longer than it should. It may wait for its bound (`decide`, rule 1) while the present turn
 * lasts, and once more for each group before it: those that have waited longer, and those that had their turn since it began to wait,
 * however often. What is in memory waits for no turn.
 *
 * @returns by group, 0 for those that are in time
 */
export const overdueMs = (situation: OverdueSituation): ReadonlyMap<string, number> => {
  const { turn, lines, now, served, ableSince } = situation
  const isHere = turn ? isHereIn(turn, situation) : () => false
  const turnStartedAt = turn ? startOf(turn, now) : now
  const waiting = [...Map.groupBy(lines, ({ groupKey }) => groupKey)].map(([groupKey, ofGroup]) => {
    const waits = ofGroup.map(line => waitOf(line, turnStartedAt, situation))
    return {
      groupKey,
      isHere: ofGroup.some(isHere),
      since: Math.max(Math.min(ableSince, now), Math.min(...waits.map(({ since }) => since))),
      boundMs: waits[0]!.boundMs,
    }
  })
  return new Map(
    waiting.map(group => {
      if (group.isHere) return [group.groupKey, 0]
      const before = new Set([
        ...waiting
          .filter(other => !other.isHere && other.since < group.since)
          .map(({ groupKey }) => groupKey),
        ...[...served].filter(([, at]) => at > group.since).map(([groupKey]) => groupKey),
      ])
      for (const groupKey of [group.groupKey, turn?.groupKey])
        if (groupKey !== undefined) before.delete(groupKey)
      const mayWaitMs = group.boundMs * (before.size + 1)
      return [group.groupKey, Math.max(0, now - group.since - mayWaitMs)]
    }),
  )
}
