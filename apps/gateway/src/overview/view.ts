import type { CallerSnapshot, QueueSnapshot } from '@foreman/jobs'

/** Whose eyes a snapshot is for. */
export interface Viewer {
  /** Undefined: it sees everything. */
  readonly caller: string | undefined
  /** The groups in which that caller has jobs, by `groupName`. */
  readonly groups: ReadonlySet<string>
}

/** What a caller sees: the target, the groups in which it has jobs, itself, and the others as one sum. */
export const viewOf = (snapshot: QueueSnapshot, { caller, groups }: Viewer): QueueSnapshot => {
  if (caller === undefined) return snapshot
  const { webhooks: _webhooks, storage: _storage, ...seen } = snapshot
  const own = snapshot.callers.filter(each => each.caller === caller)
  const others = snapshot.callers.filter(each => each.caller !== caller)
  return {
    ...seen,
    holds: seen.holds
      .filter(({ kind, subject }) => kind !== 'caller' || subject === caller)
      .map(({ by: _by, reason: _reason, ...hold }) => hold),
    targets: snapshot.targets.map(({ next, ...target }) => ({
      ...target,
      in_flight: target.in_flight.filter(job => job.caller === caller),
      ...(next && groups.has(next.group) && { next }),
    })),
    groups: snapshot.groups.filter(({ group }) => groups.has(group)),
    callers: others.length === 0 ? own : [...own, sumOf(others)],
  }
}

/** The name of all other callers together. */
const OTHERS = 'others'

const sumOf = (callers: readonly CallerSnapshot[]): CallerSnapshot => {
  const sum = (of: (caller: CallerSnapshot) => number) =>
    callers.reduce((total, caller) => total + of(caller), 0)
  return {
    caller: OTHERS,
    queued: sum(({ queued = 0 }) => queued),
    running: sum(({ running }) => running),
    hour: {
      jobs: sum(({ hour }) => hour.jobs),
      tokens: sum(({ hour }) => hour.tokens),
      target_ms: sum(({ hour }) => hour.target_ms),
      share: sum(({ hour }) => hour.share),
    },
  }
}
