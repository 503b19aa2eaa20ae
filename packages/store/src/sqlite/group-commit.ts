import { setImmediate } from 'node:timers/promises'
import type { Connection, Durability } from './connection.ts'
import { isFull } from './sqlite-errors.ts'

/** A function is asked when the write is about to be committed. */
export type Asked = Durability | (() => Durability)

/**
 * How soon other processes have to hear of a write. `now`: somebody waits for it there. `soon`: only this process goes on from
 * it. `never`: it concerns no other process.
 */
export type News = 'now' | 'soon' | 'never'

/** The longest that a lazy write waits for a commit that it can join. */
const LAZY_MS = 100

interface Member {
  readonly durability: Asked
  readonly write: () => unknown
  readonly news: News
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/**
 * Puts the writes of one turn of the event loop into one commit, so that they wait for the disk only once. Each write
 * succeeds or fails by itself. If the commit fails, none of them is done.
 */
export class GroupCommit {
  readonly #connection: Connection
  readonly #onCommit: (news: News) => void
  #members: Member[] = []
  #isScheduled = false
  #lazily: NodeJS.Timeout | undefined

  /** @param onCommit called after each commit, with the most urgent news of its writes */
  constructor(connection: Connection, onCommit: (news: News) => void = () => undefined) {
    this.#connection = connection
    this.#onCommit = onCommit
  }

  /** Resolves when the write is committed. Writes run in the order of the calls. */
  write<T>(durability: Asked, write: () => T, news: News = 'now'): Promise<T> {
    if (!this.#isScheduled) globalThis.setImmediate(() => this.flush())
    this.#isScheduled = true
    return this.#add({ durability, write, news })
  }

  /** The same for a write that nobody waits for, here or elsewhere. It goes into the next commit, or soon into one of its own. */
  writeLazily<T>(durability: Asked, write: () => T): Promise<T> {
    this.#lazily ??= setTimeout(() => this.flush(), LAZY_MS)
    return this.#add({ durability, write, news: 'never' })
  }

  /** Commits the writes that are waiting, now. */
  flush(): void {
    const members = this.#members
    this.#members = []
    this.#isScheduled = false
    clearTimeout(this.#lazily)
    this.#lazily = undefined
    if (members.length === 0) return
    try {
      const durability = members.some(member => asked(member.durability) === 'full') ? 'full' : 'normal'
      const outcomes = this.#connection.write(durability, () => this.#attemptAll(members))
      this.#onCommit(mostUrgent(members))
      for (const [at, member] of members.entries()) settle(member, outcomes[at])
    } catch (error) {
      for (const member of members) member.reject(error)
    }
  }

  /** Commits the writes that are waiting, and those of the verbs that go on when these are done. */
  async finish(): Promise<void> {
    do {
      this.flush()
      await setImmediate()
    } while (this.#members.length > 0)
  }

  #add<T>(member: Omit<Member, 'resolve' | 'reject'>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#members.push({ ...member, resolve: resolve as Member['resolve'], reject })
    })
  }

  /** A write that is alone needs no savepoint: when it fails, the whole transaction is undone, and only it is rejected. */
  #attemptAll(members: readonly Member[]): Outcome[] {
    const [first, ...others] = members
    if (first && others.length === 0) return [{ value: first.write() }]
    return members.map(member => this.#attempt(member))
  }

  /** Runs a write in its own savepoint. A full disk may have undone the whole transaction, so it fails all members. */
  #attempt({ write }: Member): Outcome {
    try {
      // The durability is that of the transaction.
      return { value: this.#connection.write('normal', write) }
    } catch (error) {
      if (isFull(error)) throw error
      return { error }
    }
  }
}

const mostUrgent = (members: readonly Member[]): News => {
  const has = (news: News) => members.some(member => member.news === news)
  return has('now') ? 'now' : has('soon') ? 'soon' : 'never'
}

const asked = (durability: Asked): Durability =>
  typeof durability === 'function' ? durability() : durability

const settle = (member: Member, outcome: Outcome | undefined): void => {
  if (outcome && 'value' in outcome) member.resolve(outcome.value)
  else member.reject(outcome?.error)
}
