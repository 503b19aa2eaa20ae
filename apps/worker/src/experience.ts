import {
  addUse,
  type Awaited,
  countGap,
  type Habit,
  type Sender,
  type Shares,
  UNKNOWN_HABIT,
  type Use,
  usedNowMs,
} from '@foreman/scheduling'
import type { Claim } from '@foreman/store'
import { fromText, toText } from './experience-text.ts'
import type { Spent } from './run/run.ts'

/** What takes less is no load: the model was in memory. */
const MIN_LOAD_MS = 100
/** What is left of the older figures after a new one. */
const FADE = 0.7
/** More habits than this are not kept: those of the callers who have been away longest go. */
const MAX_HABITS = 1_000
/** More names of an account are not kept: those that were used longest ago go. */
const MAX_NAMES = 1_000
/** More accounts than this are not kept: those whose use is the oldest go. */
const MAX_ACCOUNTS = 1_000
/** The figures of more groups than this are not kept. */
const MAX_GROUPS = 1_000
/** How long a job takes whose group is not known. */
const USUAL_WORK_MS = 1_000

type Job = Pick<Claim, 'account' | 'sender' | 'groupKey'>

interface Gone {
  readonly groupKey: string
  /** When the last answer ended. */
  readonly at: number
}

/** How much an account has used, and the names within it. */
interface AccountUse {
  use: Use
  readonly names: Map<string, Use>
}

/** What an attempt has taken of the target. */
interface Attempt extends Spent {
  /** Whether it was sent to load its model. */
  readonly isLoad: boolean
}

/**
 * What the worker has learned from the jobs that it has run: how long loads and jobs take, who has used the target, and when
 * callers come back.
 */
export class Experience {
  readonly #halfLifeMs: number
  readonly #loadMs = new Map<string, number>()
  readonly #workMs = new Map<string, number>()
  readonly #uses = new Map<string, AccountUse>()
  /** By sender and group. The one that was used last comes last. */
  readonly #habits = new Map<string, Habit>()
  readonly #gone = new Map<string, Gone>()

  /** @param halfLifeMs half of a use is forgotten after this time. 0: nobody's use counts */
  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs
  }

  /** How long a group's model takes to load. 0: it is not known. */
  loadMs(groupKey: string): number {
    return this.#loadMs.get(groupKey) ?? 0
  }

  /** Notes that a caller has come back. */
  noteClaim(claim: Job & Pick<Claim, 'createdAt'>): void {
    const key = keyOf(claim)
    const gone = this.#gone.get(key)
    // A job that was there before the answer ended says nothing of a return.
    if (!gone || claim.createdAt < gone.at) return
    this.#gone.delete(key)
    const habit = countGap(this.#habits.get(key), claim.createdAt - gone.at)
    keepLast(this.#habits, key, habit, MAX_HABITS)
  }

  /** Notes that the target has answered a job. */
  noteAnswer(job: Job & Pick<Claim, 'streaming'>, attempt: Attempt, now: number): void {
    const { groupKey } = job
    const loaded = loadOf(job, attempt)
    if (loaded !== undefined) noteMean(this.#loadMs, groupKey, loaded)
    const workMs = this.#workOf(job, attempt, loaded)
    noteMean(this.#workMs, groupKey, workMs)
    this.#noteUse(job, workMs, now)
    keepLast(this.#gone, keyOf(job), { groupKey, at: now }, MAX_HABITS)
  }

  /** Notes that an attempt has ended without a whole answer. The target may have worked on it all the same. */
  noteFailure(job: Job, attempt: Attempt, now: number): void {
    const isStillLoading = attempt.isLoad && attempt.headAfterMs === undefined
    if (!isStillLoading) this.#noteUse(job, this.#workOf(job, attempt, undefined), now)
  }

  /** The time without the load. Where nobody says how long that was, it was as long as usual. */
  #workOf({ groupKey }: Job, { totalMs, isLoad }: Attempt, loaded: number | undefined): number {
    return Math.max(0, totalMs - (loaded ?? (isLoad ? this.loadMs(groupKey) : 0)))
  }

  /** Those who were served from this group, and have not come back since. */
  awaited(groupKey: string, now: number): Awaited[] {
    return [...this.#gone]
      .filter(([, gone]) => gone.groupKey === groupKey)
      .map(([key, { at }]) => ({
        habit: this.#habits.get(key) ?? UNKNOWN_HABIT,
        goneMs: Math.max(0, now - at),
      }))
  }

  /**
   * How much each has used. A job that runs counts as if it had ended, so that one sender does not get all free slots.
   *
   * @returns undefined when nobody's use counts
   */
  shares(running: readonly Job[], now: number): Shares | undefined {
    const halfLifeMs = this.#halfLifeMs
    if (halfLifeMs === 0) return undefined
    const runningMs = (jobs: readonly Job[]) =>
      jobs.reduce((sum, { groupKey }) => sum + (this.#workMs.get(groupKey) ?? USUAL_WORK_MS), 0)
    return {
      ofAccount: account =>
        usedNowMs(this.#uses.get(account)?.use, now, halfLifeMs) +
        runningMs(running.filter(job => job.account === account)),
      ofName: ({ account, sender }) =>
        usedNowMs(this.#uses.get(account)?.names.get(sender), now, halfLifeMs) +
        runningMs(running.filter(job => job.account === account && job.sender === sender)),
    }
  }

  /** What the worker that follows this one should know: a text of some hundred kilobytes at the most. */
  toText(): string {
    const names = [...this.#uses].flatMap(([account, kept]) =>
      [...kept.names].map(([name, use]) => [account, name, use] as const),
    )
    return toText({
      loadMs: [...this.#loadMs],
      workMs: [...this.#workMs],
      accounts: [...this.#uses].map(([account, { use }]) => [account, use] as const),
      names: names.slice(-MAX_NAMES),
      habits: [...this.#habits],
    })
  }

  /** Takes over what another worker has learned. */
  takeOver(text: string): void {
    const kept = fromText(text)
    for (const [groupKey, ms] of kept.loadMs) this.#loadMs.set(groupKey, ms)
    for (const [groupKey, ms] of kept.workMs) this.#workMs.set(groupKey, ms)
    for (const [account, use] of kept.accounts) this.#uses.set(account, { use, names: new Map() })
    for (const [account, name, use] of kept.names) this.#uses.get(account)?.names.set(name, use)
    for (const [key, habit] of kept.habits)
      if (habit.length === UNKNOWN_HABIT.length) this.#habits.set(key, habit)
  }

  #noteUse({ account, sender }: Sender, spentMs: number, now: number): void {
    if (this.#halfLifeMs === 0) return
    const at = { now, halfLifeMs: this.#halfLifeMs }
    const { use, names } = this.#uses.get(account) ?? { use: undefined, names: new Map<string, Use>() }
    keepLast(names, sender, addUse(names.get(sender), spentMs, at), MAX_NAMES)
    keepLast(this.#uses, account, { use: addUse(use, spentMs, at), names }, MAX_ACCOUNTS)
  }
}

/**
 * How long a load took: what the target says, or, where it does not, the time before a stream began that was sent to load its
 * model. Undefined: there was none, or nobody knows.
 */
const loadOf = (
  { streaming }: Pick<Claim, 'streaming'>,
  { saidLoadMs, headAfterMs, isLoad }: Attempt,
): number | undefined => {
  const loaded = saidLoadMs ?? (isLoad && streaming ? headAfterMs : undefined)
  return loaded !== undefined && loaded >= MIN_LOAD_MS ? loaded : undefined
}

const keyOf = ({ account, sender, groupKey }: Job): string => JSON.stringify([account, sender, groupKey])

const noteMean = (means: Map<string, number>, key: string, value: number): void => {
  const before = means.get(key)
  keepLast(means, key, before === undefined ? value : before * FADE + value * (1 - FADE), MAX_GROUPS)
}

/** Sets what is kept of the one that was used last, and forgets the one that was not used for longest. */
const keepLast = <T>(map: Map<string, T>, key: string, value: T, most: number): void => {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}
