import type { ChoiceReason, WaitingGroup } from '@foreman/store'

/** Whose jobs the target is running, or ran last: its model is in memory. Times in ms since the epoch. */
export interface Turn {
  readonly groupKey: string
  readonly startedAt: number
  /** The group ran dry: what comes for it next begins a new turn. */
  readonly isOver: boolean
}

export interface Choice {
  readonly groupKey: string
  readonly reason: ChoiceReason
  readonly turnStartedAt: number
}

export interface Situation {
  readonly turn: Turn | undefined
  readonly groups: readonly WaitingGroup[]
  readonly now: number
  /** The longest turn of a group while another waits. */
  readonly maxWaitMs: number
}

/**
 * Which group's oldest job runs next: the present group's while it has any, since they need no model load; but
 * once another group has waited longer than the bound, the one that has waited longest.
 *
 * The wait counts from the job's arrival or from the start of the present turn, whichever is later. From the
 * arrival alone, an old backlog would change models at every choice.
 */
export const chooseGroup = ({ turn, groups, now, maxWaitMs }: Situation): Choice | undefined => {
  if (!turn) return begin(longestWaiting(groups), 'first', now)
  const own = groups.find(group => group.groupKey === turn.groupKey)
  const other = longestWaiting(groups.filter(group => group !== own))
  if (!own) return begin(other, 'drained', now)
  if (turn.isOver) return begin(own, 'resident', now)
  // A turn that begins in the future was recorded before the clock was set back.
  const startedAt = Math.min(turn.startedAt, now)
  if (other && now - waitingSince(other, startedAt, now) > maxWaitMs) return begin(other, 'overdue', now)
  return { groupKey: own.groupKey, reason: 'resident', turnStartedAt: startedAt }
}

const begin = (group: WaitingGroup | undefined, reason: ChoiceReason, now: number): Choice | undefined =>
  group && { groupKey: group.groupKey, reason, turnStartedAt: now }

/** Arrival order has no ties. */
const longestWaiting = (groups: readonly WaitingGroup[]): WaitingGroup | undefined =>
  groups.reduce<WaitingGroup | undefined>(
    (oldest, group) => (oldest && oldest.oldestSeq < group.oldestSeq ? oldest : group),
    undefined,
  )

const waitingSince = ({ oldestCreatedAt }: WaitingGroup, turnStartedAt: number, now: number): number =>
  oldestCreatedAt > now ? turnStartedAt : Math.max(oldestCreatedAt, turnStartedAt)
