import type { ChoiceReason } from '@foreman/jobs'

/** Whose jobs the target is running, or ran last: its model is in memory. Times in ms since the epoch. */
export interface Turn {
  readonly groupKey: string
  readonly startedAt: number
  /** The group ran dry: what comes for it next begins a new turn. */
  readonly isOver: boolean
}

/** The ready jobs of one group and one priority. */
export interface Line {
  readonly groupKey: string
  /** 0 is the most urgent. */
  readonly priority: number
  /** The place of its oldest job in the order of arrival. */
  readonly oldestSeq: number
  readonly oldestCreatedAt: number
}

export interface Choice {
  readonly groupKey: string
  readonly reason: ChoiceReason
  readonly turnStartedAt: number
}

export interface Situation {
  readonly turn: Turn | undefined
  readonly lines: readonly Line[]
  readonly now: number
  /** The longest turn of a group while another waits. */
  readonly maxWaitMs: number
}

/**
 * Which group runs next: the present one while it has jobs, since they need no model load. But once a job of another
 * group has waited longer than the bound, the group that has waited longest; and before the present one a group with
 * a more urgent job than any of its own.
 *
 * The wait counts from the job's arrival or from the start of the present turn, whichever is later. From the
 * arrival alone, an old backlog would change models at every choice.
 */
export const chooseGroup = ({ turn, lines, now, maxWaitMs }: Situation): Choice | undefined => {
  if (!turn) return begin(first(lines), 'first', now)
  const own = first(lines.filter(line => line.groupKey === turn.groupKey))
  const others = lines.filter(line => line.groupKey !== turn.groupKey)
  // A turn that begins in the future was recorded before the clock was set back.
  const startedAt = Math.min(turn.startedAt, now)
  const overdue = longestWaiting(others.filter(line => now - waitingSince(line, startedAt, now) > maxWaitMs))
  const other = first(others)
  if (!own) return begin(overdue ?? other, 'drained', now)
  if (overdue && !turn.isOver) return begin(overdue, 'overdue', now)
  if (other && other.priority < own.priority) return begin(other, 'priority', now)
  if (turn.isOver) return begin(own, 'resident', now)
  return { groupKey: own.groupKey, reason: 'resident', turnStartedAt: startedAt }
}

const begin = (line: Line | undefined, reason: ChoiceReason, now: number): Choice | undefined =>
  line && { groupKey: line.groupKey, reason, turnStartedAt: now }

/** The most urgent, and of these the one that has waited longest. */
const first = (lines: readonly Line[]): Line | undefined => {
  const priority = Math.min(...lines.map(line => line.priority))
  return longestWaiting(lines.filter(line => line.priority === priority))
}

/** Arrival order has no ties. */
const longestWaiting = (lines: readonly Line[]): Line | undefined =>
  lines.reduce<Line | undefined>(
    (oldest, line) => (oldest && oldest.oldestSeq < line.oldestSeq ? oldest : line),
    undefined,
  )

const waitingSince = ({ oldestCreatedAt }: Line, turnStartedAt: number, now: number): number =>
  oldestCreatedAt > now ? turnStartedAt : Math.max(oldestCreatedAt, turnStartedAt)
