import type { ChoiceReason } from '@foreman/jobs'
import { type Awaited, worthWaitingMs } from './habits.ts'

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

/** How long jobs may wait. */
export interface Bounds {
  /** How long a job of another group may wait before its group gets the turn, unless its load takes a quarter of that or more. */
  readonly maxWaitMs: number
  /** After this time a job of low priority counts as a normal one. */
  readonly maxWaitLowMs: number
}

/** The groups from which the next job comes. */
export interface Choice {
  /** One group, or all that are in memory together and have jobs. */
  readonly groupKeys: readonly string[]
  readonly reason: ChoiceReason
  /** When the turn of these groups started. */
  readonly turnStartedAt: number
}

/** Nothing runs now, although jobs wait: somebody is likely to come back for what is in memory. */
export interface Standstill {
  /** When to decide anew, at the latest. An arrival may come before. */
  readonly waitMs: number
}

/** What is known of those who may come back. */
export interface Expectation {
  readonly awaited: readonly Awaited[]
  /** How many jobs wait for something that is not in memory. */
  readonly waiting: number
  /** For how long nothing has run, although jobs wait. */
  readonly standingMs: number
}

/** Everything that the decision depends on. */
export interface Situation extends Bounds {
  /** The last turn. Undefined: no group has had one, or the target has restarted since. */
  readonly turn: Turn | undefined
  /** Whether a group's model is in memory besides that of the turn: going from one to the other costs nothing. */
  readonly isResident: (groupKey: string) => boolean
  readonly lines: readonly Line[]
  readonly now: number
  /** How long the model of a group takes to load. 0: it is not known. */
  readonly loadMs: (groupKey: string) => number
  /** When a job of a group was last sent to the target. 0: nobody knows. */
  readonly servedAt: (groupKey: string) => number
  /** Undefined: nobody is expected. */
  readonly expectation: Expectation | undefined
}

const HIGH = 0
/** The priority that a job of low priority has once it has waited for long. */
const NORMAL = 1
const LOW = 2

/** A group may wait for so many of its loads: then loads take at most a fifth of the time, whatever they cost. */
const LOADS_PER_TURN = 4

/** How urgent a job is now. 0 is the most urgent. */
export const levelOf = (
  { priority, createdAt }: { readonly priority: number; readonly createdAt: number },
  { now, maxWaitLowMs }: Pick<Situation, 'now' | 'maxWaitLowMs'>,
): number => (priority === LOW && now - createdAt > maxWaitLowMs ? NORMAL : priority)

/**
 * Decides what runs next: from which groups the next job comes.
 *
 * 1. If a job of another group has waited longer than `maxWaitMs`, or than four loads of its model if that is longer, its group
 *    gets the turn; among several such groups, the one that has waited longest since it was served.
 * 2. Otherwise, if another group has a job that is more urgent than all jobs of what is in memory, that group gets it. A job of
 *    low priority that has waited for long is no reason for that: the model would change with each such job.
 * 3. Otherwise what is in memory keeps the turn while it has jobs, because they need no model load.
 * 4. If it has no jobs, the group with the most urgent job gets the turn; among several, the one with the oldest such job. An
 *    overdue job comes first here, too. But if nobody is overdue or very urgent, and a caller of what is in memory is likely to
 *    come back before a load is worth it, nothing runs: for no longer in a row than one load, and until somebody is overdue.
 *
 * A wait counts from the arrival of the job or from the start of the present turn, whichever is later. If it counted
 * from the arrival alone, every job of an old backlog would be overdue, and the model would change with every choice.
 *
 * @returns undefined when no job is ready
 * @example
 * // llama has had the turn for 4 s. The job of qwen has waited for 3.5 s, less than a minute: llama goes on.
 * decide({
 *   turn: { groupKey: 'llama', startedAt: 1_000, isOver: false },
 *   isResident: () => false,
 *   lines: [
 *     { groupKey: 'llama', priority: 1, oldestSeq: 7, oldestCreatedAt: 2_000 },
 *     { groupKey: 'qwen', priority: 1, oldestSeq: 3, oldestCreatedAt: 1_500 },
 *   ],
 *   now: 5_000,
 *   maxWaitMs: 60_000,
 *   maxWaitLowMs: 600_000,
 *   loadMs: () => 3_000,
 *   servedAt: () => 0,
 *   expectation: undefined,
 * }) // { groupKeys: ['llama'], reason: 'resident', turnStartedAt: 1_000 }
 * // At 61_600 the job of qwen has waited for 60.1 s: { groupKeys: ['qwen'], reason: 'overdue', turnStartedAt: 61_600 }
 */
export const decide = (situation: Situation): Choice | Standstill | undefined => {
  const { turn, now } = situation
  const lines = situation.lines.map(line => ({
    ...line,
    level: levelOf({ priority: line.priority, createdAt: line.oldestCreatedAt }, situation),
  }))
  if (!turn) return begin(first(lines), 'first', now)
  const isHere = isHereIn(turn, situation)
  const here = lines.filter(isHere)
  const others = lines.filter(line => !isHere(line))
  const own = first(here)
  const other = first(others)
  // A turn that starts in the future was recorded before the clock was set back.
  const startedAt = Math.min(turn.startedAt, now)
  const overdue = longestUnserved(
    others.filter(line => now > becomesOverdueAt(line, startedAt, situation)),
    situation,
  )
  if (!own) {
    const mayWait = other && !overdue && other.level > HIGH
    const standstill = mayWait ? expect(turn, situation) : undefined
    return standstill ?? begin(overdue ?? other, 'drained', now)
  }
  if (overdue && !turn.isOver) return begin(overdue, 'overdue', now)
  const urgent = first(others.filter(({ priority }) => priority < own.level))
  if (urgent) return begin(urgent, 'priority', now)
  const groupKeys = [...new Set(here.map(({ groupKey }) => groupKey))]
  return { groupKeys, reason: 'resident', turnStartedAt: turn.isOver ? now : startedAt }
}

/** Whether it is better to wait for those who may come back than to load something else. */
const expect = (turn: Turn, situation: Situation): Standstill | undefined => {
  const { expectation, loadMs, now } = situation
  if (!expectation) return undefined
  const { awaited, waiting, standingMs } = expectation
  const load = loadMs(turn.groupKey)
  const worthMs = worthWaitingMs({ awaited, loadMs: load, waiting })
  const waitMs = Math.min(worthMs ?? 0, load - standingMs, firstOverdueAt(turn, situation) + 1 - now)
  return waitMs > 0 ? { waitMs } : undefined
}

/** Until when no group that is not in memory is overdue, in milliseconds since the epoch. Infinity: none of them waits. */
export const firstOverdueAt = (turn: Turn, situation: Omit<Situation, 'expectation'>): number => {
  const isHere = isHereIn(turn, situation)
  const startedAt = Math.min(turn.startedAt, situation.now)
  return situation.lines.reduce(
    (first, line) => (isHere(line) ? first : Math.min(first, becomesOverdueAt(line, startedAt, situation))),
    Infinity,
  )
}

const isHereIn =
  (turn: Turn, { isResident }: Pick<Situation, 'isResident'>) =>
  ({ groupKey }: Line): boolean =>
    groupKey === turn.groupKey || isResident(groupKey)

interface LeveledLine extends Line {
  readonly level: number
}

/** Starts a turn now. */
const begin = (line: Line | undefined, reason: ChoiceReason, now: number): Choice | undefined =>
  line && { groupKeys: [line.groupKey], reason, turnStartedAt: now }

/** The line with the most urgent jobs; among equally urgent lines, the one with the oldest job. */
const first = (lines: readonly LeveledLine[]): LeveledLine | undefined => {
  const level = Math.min(...lines.map(line => line.level))
  return longestWaiting(lines.filter(line => line.level === level))
}

/** The line with the oldest job. `oldestSeq` is unique, so there are no ties. */
const longestWaiting = <L extends Line>(lines: readonly L[]): L | undefined =>
  lines.reduce<L | undefined>(
    (oldest, line) => (oldest && oldest.oldestSeq < line.oldestSeq ? oldest : line),
    undefined,
  )

/**
 * The line of the group that was not served for longest, although it had jobs. If the oldest job decided, two groups with an old
 * backlog would take turns, and a third one would wait until they are through it.
 */
const longestUnserved = <L extends Line>(
  lines: readonly L[],
  { servedAt }: Pick<Situation, 'servedAt'>,
): L | undefined => {
  const unservedSince = lines.map(({ groupKey, oldestCreatedAt }) =>
    Math.max(oldestCreatedAt, servedAt(groupKey)),
  )
  const longest = Math.min(...unservedSince)
  return longestWaiting(lines.filter((_, at) => unservedSince[at] === longest))
}

const becomesOverdueAt = (
  { groupKey, oldestCreatedAt }: Line,
  turnStartedAt: number,
  { now, maxWaitMs, loadMs }: Omit<Situation, 'expectation'>,
): number => {
  // An arrival in the future was recorded before the clock was set back.
  const waitingSince = oldestCreatedAt > now ? turnStartedAt : Math.max(oldestCreatedAt, turnStartedAt)
  return waitingSince + Math.max(maxWaitMs, LOADS_PER_TURN * loadMs(groupKey))
}
