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
  /** Its jobs were held back before. Undefined: they were not. */
  readonly waitsSince?: number
}

/** Since when the oldest job of a line waits, as far as that makes it urgent. */
export const waitsSince = ({ oldestCreatedAt, waitsSince: since = 0 }: Line): number =>
  Math.max(oldestCreatedAt, since)

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
  /** When the target last worked for a group. 0: nobody knows. */
  readonly servedAt: (groupKey: string) => number
  /** Undefined: nobody is expected. */
  readonly expectation: Expectation | undefined
  /** Whether an operator has ended the present turn. */
  readonly turnIsEnded?: boolean
}

const HIGH = 0
/** The priority that a job of low priority has once it has waited for long. */
const NORMAL = 1
const LOW = 2

/** A group may wait for so many of its loads: then they take at most a fifth of the time, whatever they cost. */
const LOADS_PER_TURN = 4

/** How urgent a job is now. 0 is the most urgent. */
export const levelOf = (
  { priority, createdAt }: { readonly priority: number; readonly createdAt: number },
  { now, maxWaitLowMs }: Pick<Situation, 'now' | 'maxWaitLowMs'>,
): number => (priority === LOW && now - createdAt > maxWaitLowMs ? NORMAL : priority)

/**
 * Decides what runs next: from which groups the next job comes.
 *
 * 1. A group is overdue when it has waited longer than `maxWaitMs`, or than four loads of its model if that is longer. When the
 *    present turn has lasted for as long, too, the overdue group that has waited longest gets the turn.
 * 2. Otherwise, if another group has a job that is more urgent than all jobs of what is in memory, that group gets it: but if one is
 *    overdue, it goes first. A job of low priority that has waited for long is no reason for that: the model would change with each
 *    such job.
 * 3. Otherwise what is in memory keeps the turn while it has jobs, because they need no model load.
 * 4. If it has no jobs, the group with the most urgent job gets the turn; among several, the one with the oldest such job; and if
 *    some are overdue, the one of them with the oldest job. But if nobody may take the turn (1) or is very urgent, and a caller of
 *    what is in memory is likely to come back before a load is worth it, nothing runs: for no longer in a row than one load, and
 *    until somebody may take the turn.
 *
 * If an operator has ended the turn, another group gets it as if what is in memory had no jobs, and nobody is waited for. Without
 * another one, the same group begins a new turn.
 *
 * A group waits since the arrival of its oldest job, since it was let go or since it was served, whichever is later. If only that counted, and not how
 * long the turn has lasted, the model would change with every choice while all have old backlogs. If only the present turn
 * counted, short turns of others would keep a group waiting for ever.
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
  const { turn, now, turnIsEnded = false } = situation
  const lines = situation.lines.map(line => ({
    ...line,
    level: levelOf({ priority: line.priority, createdAt: waitsSince(line) }, situation),
  }))
  if (!turn) return begin(first(lines), 'first', now)
  const isHere = isHereIn(turn, situation)
  const own = first(lines.filter(isHere))
  const others = lines
    .filter(line => !isHere(line))
    .map(line => ({ ...line, ...waitOf(line, startOf(turn, now), situation) }))
  const other = first(others)
  const overdue = others.filter(({ overdueAt }) => now > overdueAt)
  if (turnIsEnded && other) return begin(oldest(overdue) ?? other, own ? 'ended' : 'drained', now)
  if (!own) {
    const standstill = other && other.level > HIGH ? expect(turn, situation) : undefined
    return standstill ?? begin(oldest(overdue) ?? other, 'drained', now)
  }
  const urgent = first(others.filter(({ priority }) => priority < own.level))
  const isTaken = !turn.isOver && others.some(({ takesTurnAt }) => now > takesTurnAt)
  if (overdue.length > 0 && (isTaken || urgent)) return begin(longestWaiting(overdue), 'overdue', now)
  if (urgent) return begin(urgent, 'priority', now)
  const groupKeys = [...new Set(lines.filter(isHere).map(({ groupKey }) => groupKey))]
  const isNew = turn.isOver || turnIsEnded
  return { groupKeys, reason: 'resident', turnStartedAt: isNew ? now : startOf(turn, now) }
}

/** Whether it is better to wait for those who may come back than to load something else. */
const expect = (turn: Turn, situation: Situation): Standstill | undefined => {
  const { expectation, loadMs, now } = situation
  if (!expectation) return undefined
  const { awaited, waiting, standingMs } = expectation
  const load = loadMs(turn.groupKey)
  const worthMs = worthWaitingMs({ awaited, loadMs: load, waiting })
  const waitMs = Math.min(worthMs ?? 0, load - standingMs, endOf(turn, situation) + 1 - now)
  return waitMs > 0 ? { waitMs } : undefined
}

/** Until when no overdue group takes the turn, in milliseconds since the epoch. Infinity: no other group waits. */
export const endOf = (turn: Turn, situation: Omit<Situation, 'expectation'>): number => {
  const isHere = isHereIn(turn, situation)
  const startedAt = startOf(turn, situation.now)
  return situation.lines.reduce(
    (first, line) => (isHere(line) ? first : Math.min(first, waitOf(line, startedAt, situation).takesTurnAt)),
    Infinity,
  )
}

/** A turn that starts in the future was recorded before the clock was set back. */
export const startOf = ({ startedAt }: Turn, now: number): number => Math.min(startedAt, now)

export const isHereIn =
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
  return oldest(lines.filter(line => line.level === level))
}

/** The line with the oldest job. `oldestSeq` is unique, so there are no ties. */
const oldest = <L extends Line>(lines: readonly L[]): L | undefined =>
  lines.reduce<L | undefined>(
    (found, line) => (found && found.oldestSeq < line.oldestSeq ? found : line),
    undefined,
  )

interface Wait {
  /** Since when the group waits for this line. */
  readonly since: number
  /** How long it may wait for the present turn. */
  readonly boundMs: number
  readonly overdueAt: number
  /** When the turn has lasted for long enough, too. */
  readonly takesTurnAt: number
}

/** @param turnStartedAt not in the future */
export const waitOf = (
  line: Line,
  turnStartedAt: number,
  { now, maxWaitMs, loadMs, servedAt }: Pick<Situation, 'now' | 'maxWaitMs' | 'loadMs' | 'servedAt'>,
): Wait => {
  const { groupKey } = line
  // What lies in the future was recorded before the clock was set back.
  const past = (at: number) => (at > now ? turnStartedAt : at)
  const since = Math.max(past(waitsSince(line)), past(servedAt(groupKey)))
  const boundMs = Math.max(maxWaitMs, LOADS_PER_TURN * loadMs(groupKey))
  return {
    since,
    boundMs,
    overdueAt: since + boundMs,
    takesTurnAt: Math.max(since, turnStartedAt) + boundMs,
  }
}

/**
 * The line whose group has waited longest. If the oldest job decided, two groups with an old backlog would take turns, and a third
 * one would wait until they are through it.
 */
const longestWaiting = <L extends Line & Wait>(lines: readonly L[]): L | undefined => {
  const since = Math.min(...lines.map(line => line.since))
  return oldest(lines.filter(line => line.since === since))
}
