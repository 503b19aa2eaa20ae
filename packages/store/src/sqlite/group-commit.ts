import { setImmediate } from 'node:timers/promises'
import type { Connection, Durability } from './connection.ts'
import { isFull } from './sqlite-errors.ts'

/** A function is asked when the write is about to be committed. */
export type Asked = Durability | (() => Durability)

interface Member {
  readonly durability: Asked
  readonly write: () => unknown
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
  readonly #onCommit: () => void
  #members: Member[] = []

  /** @param onCommit called after each commit */
  constructor(connection: Connection, onCommit: () => void = () => undefined) {
    this.#connection = connection
    this.#onCommit = onCommit
  }

  /** Resolves when the write is committed. Writes run in the order of the calls. */
  write<T>(durability: Asked, write: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#members.length === 0) globalThis.setImmediate(() => this.flush())
      this.#members.push({ durability, write, resolve: resolve as Member['resolve'], reject })
    })
  }

  /** Commits the writes that are waiting, now. */
  flush(): void {
    const members = this.#members
    this.#members = []
    if (members.length === 0) return
    try {
      const durability = members.some(member => asked(member.durability) === 'full') ? 'full' : 'normal'
      const outcomes = this.#connection.write(durability, () => this.#attemptAll(members))
      this.#onCommit()
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

const asked = (durability: Asked): Durability =>
  typeof durability === 'function' ? durability() : durability

const settle = (member: Member, outcome: Outcome | undefined): void => {
  if (outcome && 'value' in outcome) member.resolve(outcome.value)
  else member.reject(outcome?.error)
}
