/**
 * What the last delivery attempt to a host says about the next one. `answers`: the host answered soon. `silent`: it
 * did not answer in time. `unknown`: neither, or there was none.
 */
export type Standing = 'answers' | 'silent' | 'unknown'

/** Messages of one caller for one host, of which the first is due. */
export interface Waiting {
  readonly host: string
  readonly caller: string
  readonly standing: Standing
  readonly dueAt: number
}

/** A delivery attempt that has not ended. */
export interface InFlight {
  readonly host: string
  readonly caller: string
  /** The standing of the host when the attempt started. */
  readonly standing: Standing
  readonly startedAt: number
}

/** How many attempts hold a slot at the same time. */
const SLOTS: Limit = { all: 32, ofCaller: 24 }
/** How many of them go to hosts that did not answer last. The others are for hosts that did. */
const UNPROVEN_SLOTS: Limit = { all: 16, ofCaller: 12 }
/** An attempt that takes longer gives its slot back, and becomes one of these slow attempts … */
const SLOW_AFTER_MS = 1_000
/** … unless there are too many of them. */
const SLOW: Limit = { all: 64, ofCaller: 48 }
/** How many attempts, slow ones included, go to silent hosts at the same time. */
const MAX_SILENT = 24
/** How many attempts go to one host at the same time. */
const OF_HOST: Readonly<Record<Standing, number>> = { answers: 2, silent: 1, unknown: 1 }

interface Limit {
  readonly all: number
  readonly ofCaller: number
}

/** Counts attempts, all of them and those of each caller. */
class Tally {
  #all = 0
  readonly #ofCaller = new Map<string, number>()

  constructor(attempts: readonly InFlight[] = []) {
    for (const attempt of attempts) this.add(attempt)
  }

  add({ caller }: InFlight): void {
    this.#all += 1
    this.#ofCaller.set(caller, this.of(caller) + 1)
  }

  of(caller: string): number {
    return this.#ofCaller.get(caller) ?? 0
  }

  isBelow(limit: Limit, caller: string): boolean {
    return this.#all < limit.all && this.of(caller) < limit.ofCaller
  }
}

/** The attempts that hold a slot: all but the slow ones. */
const holders = (inFlight: readonly InFlight[], now: number): InFlight[] => {
  const slow = new Tally()
  return inFlight
    .toSorted((a, b) => a.startedAt - b.startedAt)
    .filter(attempt => {
      const isHolder = now - attempt.startedAt < SLOW_AFTER_MS || !slow.isBelow(SLOW, attempt.caller)
      if (!isHolder) slow.add(attempt)
      return isHolder
    })
}

/**
 * Chooses whose first message is sent next, so that no receiver and no caller can take the attempts of the others:
 *
 * - A host that answered last gets two attempts at a time, any other host gets one.
 * - Half of the slots are for hosts that answered last.
 * - No caller gets more than three quarters of the slots, nor of the half for the other hosts.
 * - An attempt holds its slot for a second. Hosts that let foreman wait longer keep new ones waiting no longer than that,
 *   until there are 64 such attempts.
 * - The caller with the fewest slots comes first, and of its messages the one that is due first.
 *
 * @param now the time on the clock of `startedAt`
 * @returns undefined when none of them can be sent now
 */
export const chooseNext = (
  waiting: readonly Waiting[],
  inFlight: readonly InFlight[],
  now: number,
): Waiting | undefined => {
  const holding = holders(inFlight, now)
  const held = new Tally(holding)
  const unproven = new Tally(holding.filter(({ standing }) => standing !== 'answers'))
  const silent = inFlight.filter(({ standing }) => standing === 'silent').length
  const toHost = Map.groupBy(inFlight, ({ host }) => host)
  const mayBeSent = ({ host, caller, standing }: Waiting): boolean =>
    (toHost.get(host)?.length ?? 0) < OF_HOST[standing] &&
    held.isBelow(SLOTS, caller) &&
    (standing === 'answers' || unproven.isBelow(UNPROVEN_SLOTS, caller)) &&
    (standing !== 'silent' || silent < MAX_SILENT)
  const isBefore = (one: Waiting, other: Waiting): boolean =>
    held.of(one.caller) === held.of(other.caller)
      ? one.dueAt < other.dueAt
      : held.of(one.caller) < held.of(other.caller)
  let next: Waiting | undefined
  for (const each of waiting) if (mayBeSent(each) && (!next || isBefore(each, next))) next = each
  return next
}

/** How long until one of these attempts may give its slot back. Infinity: none of them will. */
export const slotFreeInMs = (inFlight: readonly InFlight[], now: number): number =>
  Math.min(...inFlight.map(({ startedAt }) => startedAt + SLOW_AFTER_MS - now).filter(ms => ms > 0))
