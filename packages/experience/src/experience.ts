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
import { type Attempt, Figures } from './figures.ts'
import { Fits } from './fits.ts'
import { keepLast } from './keep-last.ts'
import { fromText, toText } from './kept-text.ts'

/** More habits than this are not kept: those of the callers who have been away longest go. */
const MAX_HABITS = 1_000
/** More names of an account are not kept: those that were used longest ago go. */
const MAX_NAMES = 1_000
/** More accounts than this are not kept: those whose use is the oldest go. */
const MAX_ACCOUNTS = 1_000
/** More groups than this are not kept: those that were served longest ago go. */
const MAX_GROUPS = 1_000
/** How long a job takes whose group is not known. */
const USUAL_WORK_MS = 1_000

/** The sizes of more weights than this are not kept. */
const MAX_SIZES = 1_000

export interface ExperiencedJob extends Sender {
  readonly groupKey: string
}

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

/**
 * What the worker has learned from the jobs that it has run: how long loads and jobs take, who has used the target, and when
 * callers come back; and which groups fit what is loaded for another.
 */
export class Experience {
  readonly #halfLifeMs: number
  readonly figures = new Figures(weights => this.#sizes.get(weights))
  readonly fits = new Fits()
  #sizes: ReadonlyMap<string, number> = new Map()
  readonly #uses = new Map<string, AccountUse>()
  /** By sender and group. The one that was used last comes last. */
  readonly #habits = new Map<string, Habit>()
  readonly #gone = new Map<string, Gone>()
  readonly #servedAt = new Map<string, number>()

  /** @param halfLifeMs half of a use is forgotten after this time. 0: nobody's use counts */
  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs
  }

  /** Notes how large the weights files are, in bytes, by weights (`weightsOf`). */
  noteSizes(sizes: ReadonlyMap<string, number>): void {
    this.#sizes = sizes
  }

  /** When a job of a group was last claimed, or has ended. 0: nobody knows. */
  servedAt(groupKey: string): number {
    return this.#servedAt.get(groupKey) ?? 0
  }

  /** When the target last worked for each group, as far as that is kept. */
  get served(): ReadonlyMap<string, number> {
    return this.#servedAt
  }

  /** Notes that a group is served, and, if so, that a caller has come back. */
  noteClaim(claim: ExperiencedJob & { readonly createdAt: number }, now: number): void {
    this.#noteServed(claim, now)
    const key = keyOf(claim)
    const gone = this.#gone.get(key)
    // A job that was there before the answer ended says nothing of a return.
    if (!gone || claim.createdAt < gone.at) return
    this.#gone.delete(key)
    const habit = countGap(this.#habits.get(key), claim.createdAt - gone.at)
    keepLast(this.#habits, key, habit, MAX_HABITS)
  }

  /** Notes that the target has answered a job. */
  noteAnswer(job: ExperiencedJob, attempt: Attempt, now: number): void {
    const { groupKey } = job
    this.#noteServed(job, now)
    this.#noteUse(job, this.figures.noteAnswer(groupKey, attempt), now)
    keepLast(this.#gone, keyOf(job), { groupKey, at: now }, MAX_HABITS)
  }

  /** Notes that an attempt has ended without a whole answer. The target may have worked on it all the same. */
  noteFailure(job: ExperiencedJob, attempt: Attempt, now: number): void {
    this.#noteServed(job, now)
    const isStillLoading = attempt.isLoad && attempt.headAfterMs === undefined
    if (!isStillLoading) this.#noteUse(job, this.figures.workMs(job.groupKey, attempt), now)
  }

  /** Those who were served from these groups, and have not come back since. */
  awaited(isHere: (groupKey: string) => boolean, now: number): Awaited[] {
    return [...this.#gone]
      .filter(([, gone]) => isHere(gone.groupKey))
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
  shares(running: readonly ExperiencedJob[], now: number): Shares | undefined {
    const halfLifeMs = this.#halfLifeMs
    if (halfLifeMs === 0) return undefined
    const runningMs = (jobs: readonly ExperiencedJob[]) =>
      jobs.reduce((sum, { groupKey }) => sum + (this.figures.of(groupKey).workMs ?? USUAL_WORK_MS), 0)
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
      figures: this.figures.toKept(),
      fits: this.fits.toKept(),
      accounts: [...this.#uses].map(([account, { use }]) => [account, use] as const),
      names: names.slice(-MAX_NAMES),
      habits: [...this.#habits],
      served: [...this.#servedAt],
      sizes: [...this.#sizes].slice(0, MAX_SIZES),
    })
  }

  /** Takes over what another worker has learned. */
  takeOver(text: string): void {
    const kept = fromText(text)
    this.figures.takeOver(kept.figures)
    this.fits.takeOver(kept.fits)
    if (this.#sizes.size === 0) this.#sizes = new Map(kept.sizes)
    for (const [groupKey, at] of kept.served) this.#servedAt.set(groupKey, at)
    for (const [account, use] of kept.accounts) this.#uses.set(account, { use, names: new Map() })
    for (const [account, name, use] of kept.names) this.#uses.get(account)?.names.set(name, use)
    for (const [key, habit] of kept.habits)
      if (habit.length === UNKNOWN_HABIT.length) this.#habits.set(key, habit)
  }

  #noteServed({ groupKey }: ExperiencedJob, now: number): void {
    keepLast(this.#servedAt, groupKey, now, MAX_GROUPS)
  }

  #noteUse({ account, sender }: Sender, spentMs: number, now: number): void {
    if (this.#halfLifeMs === 0) return
    const at = { now, halfLifeMs: this.#halfLifeMs }
    const { use, names } = this.#uses.get(account) ?? { use: undefined, names: new Map<string, Use>() }
    keepLast(names, sender, addUse(names.get(sender), spentMs, at), MAX_NAMES)
    keepLast(this.#uses, account, { use: addUse(use, spentMs, at), names }, MAX_ACCOUNTS)
  }
}

const keyOf = ({ account, sender, groupKey }: ExperiencedJob): string =>
  JSON.stringify([account, sender, groupKey])
