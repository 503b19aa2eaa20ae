import { type Awaited, countGap, type Habit, UNKNOWN_HABIT } from '@foreman/scheduling'
import type { Claim } from '@foreman/store'

/** What takes less is no load: the model was in memory. */
const MIN_LOAD_MS = 100
/** What is left of the older figures after a new one. */
const FADE = 0.7
/** More habits than this are not kept: those of the callers who have been away longest go. */
const MAX_HABITS = 1_000

interface Gone {
  readonly groupKey: string
  /** When the last answer ended. */
  readonly at: number
}

/** What the worker has learned from the jobs that it has run: how long loads take, and when callers come back. */
export class Experience {
  readonly #loadMs = new Map<string, number>()
  /** By caller and group. The one that was used last comes last. */
  readonly #habits = new Map<string, Habit>()
  readonly #gone = new Map<string, Gone>()

  /** How long a group's model takes to load. 0: it is not known. */
  loadMs(groupKey: string): number {
    return this.#loadMs.get(groupKey) ?? 0
  }

  /** Notes how long a load took. */
  noteLoad(groupKey: string, ms: number): void {
    if (ms < MIN_LOAD_MS) return
    const before = this.#loadMs.get(groupKey)
    this.#loadMs.set(groupKey, before === undefined ? ms : before * FADE + ms * (1 - FADE))
  }

  /** Notes that a caller has come back. */
  noteClaim({ caller, groupKey, createdAt }: Pick<Claim, 'caller' | 'groupKey' | 'createdAt'>): void {
    const key = keyOf(caller, groupKey)
    const gone = this.#gone.get(key)
    // A job that was there before the answer ended says nothing of a return.
    if (!gone || createdAt < gone.at) return
    this.#gone.delete(key)
    const habit = countGap(this.#habits.get(key), createdAt - gone.at)
    this.#habits.delete(key)
    this.#habits.set(key, habit)
    if (this.#habits.size > MAX_HABITS) this.#habits.delete(this.#habits.keys().next().value!)
  }

  /** Notes that a caller has its answer. */
  noteAnswer({ caller, groupKey }: Pick<Claim, 'caller' | 'groupKey'>, at: number): void {
    const key = keyOf(caller, groupKey)
    this.#gone.delete(key)
    this.#gone.set(key, { groupKey, at })
    if (this.#gone.size > MAX_HABITS) this.#gone.delete(this.#gone.keys().next().value!)
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
}

const keyOf = (caller: string, groupKey: string): string => `${caller} ${groupKey}`
