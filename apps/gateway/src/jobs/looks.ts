import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import type { Who } from '../access/roles.ts'
import { untilWritten } from '../intake/when-writable.ts'

/** A page that reads a job each second is one look a minute. */
const ONCE_IN_MS = 60_000
/** Of more looks, the oldest are forgotten, and may be written down again. */
const MAX_REMEMBERED = 1_000

export interface LooksOptions {
  readonly store: Pick<Store, 'operations'>
  readonly logger: Logger
  /** Whether anybody has a token. Where nobody has one, nobody is somebody else. */
  readonly hasTokens: boolean
  readonly now: () => number
}

/** Writes down that an operator looks at the content of others: once a minute for each operator and job. Nobody waits for it. */
export class Looks {
  readonly #options: LooksOptions
  /** When each was written down. */
  readonly #last = new Map<string, number>()

  constructor(options: LooksOptions) {
    this.#options = options
  }

  /**
   * @param subject a job, or what lists are of
   * @param owner the caller whose content it is. Undefined: of several
   */
  note(subject: string, { caller: by }: Who, owner?: string): void {
    const { store, logger, hasTokens, now } = this.#options
    const at = now()
    const key = `${by} ${subject}`
    const last = this.#last.get(key)
    if (!hasTokens || (last !== undefined && Math.abs(at - last) < ONCE_IN_MS)) return
    this.#last.delete(key)
    this.#last.set(key, at)
    if (this.#last.size > MAX_REMEMBERED) this.#last.delete(this.#last.keys().next().value!)
    const look = { by, action: 'look', subject, ...(owner !== undefined && { detail: { caller: owner } }) }
    void untilWritten(() => store.operations.note(look, at), logger)
  }
}
