import type { ChoiceReason } from '@foreman/jobs'

/**
 * The group whose jobs the target runs, or ran last. Its model is in memory. Times are milliseconds since the epoch.
 */
export interface Turn {
  readonly groupKey: string
  readonly startedAt: number
  /** Whether the group ran out of jobs since. Then its next job starts a new turn. */
  readonly isOver: boolean
}

/** The ready jobs of one group and one priority. */
export interface Line {
  readonly groupKey: string
  /** 0 is the most urgent. */
  readonly priority: number
  /** The place of the line's oldest job in the order of arrival. */
  readonly oldestSeq: number
  readonly oldestCreatedAt: number
}

/** The group that runs next. */
export interface Choice {
  readonly groupKey: string
  readonly reason: ChoiceReason
  /** When the turn of the group started. */
  readonly turnStartedAt: number
}

/** Everything that the choice depends on. */
export interface Situation {
  /** The last turn. Undefined: no group has had one, or the target has restarted since. */
  readonly turn: Turn | undefined
  readonly lines: readonly Line[]
  readonly now: number
  /** How long a job of another group may wait before its group gets the turn. */
  readonly maxWaitMs: number
}

/**
 * Chooses the group that runs next.
 *
 * 1. If a job of another group has waited longer than `maxWaitMs`, the group that has waited longest gets the turn.
 * 2. Otherwise, if another group has a job that is more urgent than all jobs of the present group, that group gets it.
 * 3. Otherwise the present group keeps the turn while it has jobs, because they need no model load.
 * 4. If the present group has no jobs, the group with the most urgent job gets the turn; among several, the one with the
 *    oldest such job. An overdue job comes first here, too.
 *
 * A wait counts from the arrival of the job or from the start of the present turn, whichever is later. If it counted
 * from the arrival alone, every job of an old backlog would be overdue, and the model would change with every choice.
 *
 * @returns undefined when no job is ready
 * @example
 * // llama has had the turn for 4 s. The job of qwen has waited for 3.5 s, less than a minute: llama goes on.
 * chooseGroup({
 *   turn: { groupKey: 'llama', startedAt: 1_000, isOver: false },
 *   lines: [
 *     { groupKey: 'llama', priority: 1, oldestSeq: 7, oldestCreatedAt: 2_000 },
 *     { groupKey: 'qwen', priority: 1, oldestSeq: 3, oldestCreatedAt: 1_500 },
 *   ],
 *   now: 5_000,
 *   maxWaitMs: 60_000,
 * }) // { groupKey: 'llama', reason: 'resident', turnStartedAt: 1_000 }
 * // At 61_600 the job of qwen has waited for 60.1 s: { groupKey: 'qwen', reason: 'overdue', turnStartedAt: 61_600 }
 */
export const chooseGroup = ({ turn, lines, now, maxWaitMs }: Situation): Choice | undefined => {
  if (!turn) return begin(first(lines), 'first', now)
  const own = first(lines.filter(line => line.groupKey === turn.groupKey))
  const others = lines.filter(line => line.groupKey !== turn.groupKey)
  // A turn that starts in the future was recorded before the clock was set back.
  const startedAt = Math.min(turn.startedAt, now)
  const overdue = longestWaiting(others.filter(line => now - waitingSince(line, startedAt, now) > maxWaitMs))
  const other = first(others)
  if (!own) return begin(overdue ?? other, 'drained', now)
  if (overdue && !turn.isOver) return begin(overdue, 'overdue', now)
  if (other && other.priority < own.priority) return begin(other, 'priority', now)
  if (turn.isOver) return begin(own, 'resident', now)
  return { groupKey: own.groupKey, reason: 'resident', turnStartedAt: startedAt }
}

/** Starts a turn now. */
const begin = (line: Line | undefined, reason: ChoiceReason, now: number): Choice | undefined =>
  line && { groupKey: line.groupKey, reason, turnStartedAt: now }

/** The line with the most urgent jobs; among equally urgent lines, the one with the oldest job. */
const first = (lines: readonly Line[]): Line | undefined => {
  const priority = Math.min(...lines.map(line => line.priority))
  return longestWaiting(lines.filter(line => line.priority === priority))
}

/** The line with the oldest job. `oldestSeq` is unique, so there are no ties. */
const longestWaiting = (lines: readonly Line[]): Line | undefined =>
  lines.reduce<Line | undefined>(
    (oldest, line) => (oldest && oldest.oldestSeq < line.oldestSeq ? oldest : line),
    undefined,
  )

/** When the wait of a line started to count. An arrival in the future was recorded before the clock was set back. */
const waitingSince = ({ oldestCreatedAt }: Line, turnStartedAt: number, now: number): number =>
  oldestCreatedAt > now ? turnStartedAt : Math.max(oldestCreatedAt, turnStartedAt)
