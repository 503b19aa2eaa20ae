import Database from 'better-sqlite3'

type Statement = Database.Statement
type Mode = 'pluck' | 'raw'

/**
 * A database that compiles each statement when it is first run. A process runs only a part of the statements that the store has,
 * and a compiled one takes some 10 kB.
 */
export class LateDatabase extends Database {
  /** Typed by the base class. */
  override prepare(source: string): never {
    return new LateStatement(() => super.prepare(source)) as never
  }
}

/** What this package and Drizzle use of a statement. */
class LateStatement {
  readonly #compile: () => Statement
  readonly #modes = new Set<Mode>()
  #statement: Statement | undefined

  constructor(compile: () => Statement) {
    this.#compile = compile
  }

  get(...given: unknown[]): unknown {
    return this.#compiled().get(...given)
  }

  all(...given: unknown[]): unknown[] {
    return this.#compiled().all(...given)
  }

  run(...given: unknown[]): Database.RunResult {
    return this.#compiled().run(...given)
  }

  iterate(...given: unknown[]): IterableIterator<unknown> {
    return this.#compiled().iterate(...given)
  }

  pluck(): this {
    return this.#set('pluck')
  }

  raw(): this {
    return this.#set('raw')
  }

  #set(mode: Mode): this {
    this.#modes.add(mode)
    this.#statement?.[mode]()
    return this
  }

  #compiled(): Statement {
    if (this.#statement) return this.#statement
    this.#statement = this.#compile()
    for (const mode of this.#modes) this.#statement[mode]()
    return this.#statement
  }
}
