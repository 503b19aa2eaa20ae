import type { Connection, Durability } from './connection.ts'
import { isFull } from './errors.ts'

interface Member {
  readonly durability: Durability
  readonly write: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/**
 * Lets writes that come in the same turn of the event loop share one commit, and its wait for the disk. Each stands
 * or falls by itself; when the file takes no writes, none of them is done.
 */
export class GroupCommit {
  readonly #connection: Connection
  #members: Member[] = []

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Resolves once the write is committed. Writes are done in the order in which they came. */
  write<T>(durability: Durability, write: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#members.length === 0) setImmediate(() => this.flush())
      this.#members.push({ durability, write, resolve: resolve as Member['resolve'], reject })
    })
  }

  /** Commits what has come so far. */
  flush(): void {
    const members = this.#members
    this.#members = []
    if (members.length === 0) return
    const durability = members.some(member => member.durability === 'full') ? 'full' : 'normal'
    try {
      const outcomes = this.#connection.write(durability, () => members.map(member => this.#attempt(member)))
      for (const [at, member] of members.entries()) settle(member, outcomes[at])
    } catch (error) {
      for (const member of members) member.reject(error)
    }
  }

  /** In a savepoint of its own. A full disk may have undone the whole transaction, so it ends it for all. */
  #attempt({ durability, write }: Member): Outcome {
    try {
      return { value: this.#connection.write(durability, write) }
    } catch (error) {
      if (isFull(error)) throw error
      return { error }
    }
  }
}

const settle = (member: Member, outcome: Outcome | undefined): void => {
  if (outcome && 'value' in outcome) member.resolve(outcome.value)
  else member.reject(outcome?.error)
}
