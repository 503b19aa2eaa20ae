import { END_TURN, priorities } from '@foreman/jobs'
import { weightsOf, weightsOfModel } from '@foreman/ollama-client'
import {
  type Admission,
  Gate,
  heldNow,
  type HeldNow,
  holdsSome,
  type Line,
  Openings,
  type Window,
} from '@foreman/scheduling'
import type { HoldRow, OperationRow, Store } from '@foreman/store'

export interface SteeringOptions {
  readonly store: Pick<Store, 'holds' | 'operations' | 'queue' | 'catalogue'>
  readonly windows: readonly Window[]
  readonly timeZone: string
}

const WHOLE_LINE: Admission = { starts: 'none', held: 'line' }

const NOTHING: HeldNow = {
  pause: undefined,
  models: new Map(),
  priorities: new Map(),
  callers: new Map(),
  nextAt: Infinity,
}

/** What operators and windows hold back, as the worker has read it last. */
export class Steering {
  readonly #options: SteeringOptions
  readonly #openings: Openings
  readonly #gate = new Gate()
  #holds: readonly HoldRow[] = []
  #held = NOTHING
  /** What the models that are held have in common with all others of their weights. */
  #weights: ReadonlySet<string> = new Set()
  #turnEnd: OperationRow | undefined
  #text = ''
  #version = 0

  constructor(options: SteeringOptions) {
    this.#options = options
    this.#openings = new Openings(options.windows, options.timeZone)
  }

  /**
   * Reads what is held back, and ends what is over.
   *
   * @param isSteered whether there may be something to read, as `Agenda.isSteered` says
   * @returns when it changes by itself
   */
  async read(now: number, isSteered: boolean): Promise<number> {
    const { store, windows } = this.#options
    const { holds, operations } = store
    if (!isSteered && windows.length === 0) return this.#holdNothing()
    await holds.dropOver(now)
    this.#holds = await holds.list(now)
    this.#turnEnd = await operations.asked(END_TURN)
    this.#held = heldNow(this.#holds, this.#openings, now)
    const { models, priorities: classes, callers } = this.#held
    this.#weights = await this.#weightsOf([...models.keys()])
    const text = JSON.stringify([[...this.#weights], [...classes.keys()], [...callers.keys()]])
    if (text !== this.#text) this.#version++
    this.#text = text
    return this.#held.nextAt
  }

  /** As it mostly is: this is done at each look. */
  #holdNothing(): number {
    this.#turnEnd = undefined
    if (this.#held === NOTHING) return Infinity
    this.#holds = []
    this.#held = NOTHING
    this.#weights = new Set()
    this.#text = ''
    this.#version++
    return Infinity
  }

  /** Undefined: the queue is not paused. */
  get pause(): HoldRow | undefined {
    return this.#holds.find(({ kind }) => kind === 'pause')
  }

  /** The request to end the present turn. Undefined: there is none. */
  get turnEnd(): OperationRow | undefined {
    return this.#turnEnd
  }

  /** The accounts of which no job starts. */
  get heldAccounts(): Pick<ReadonlySet<string>, 'has' | 'size'> {
    return this.#held.callers
  }

  /** Changes with what is held. */
  get version(): number {
    return this.#version
  }

  /** The lines of which jobs may start, each as far as they may. */
  async mayStart(lines: readonly Line[], now: number): Promise<readonly Line[]> {
    if (this.pause) return this.#gate.pass(lines, () => WHOLE_LINE, now)
    if (!holdsSome(this.#held) && this.#gate.isOpen) return lines
    const admissions = new Map<Line, Admission>()
    for (const line of lines) admissions.set(line, await this.#admissionOf(line))
    return this.#gate.pass(lines, line => admissions.get(line)!, now)
  }

  async #admissionOf(line: Line): Promise<Admission> {
    const { priorities: classes, callers } = this.#held
    const isHeld = classes.has(priorities[line.priority] ?? '') || this.#weights.has(weightsOf(line.groupKey))
    if (isHeld) return WHOLE_LINE
    if (callers.size === 0) return { starts: 'all' }
    const { queue } = this.#options.store
    const senders = await queue.senders(line)
    const free = senders.filter(({ account }) => !callers.has(account))
    if (free.length === senders.length) return { starts: 'all' }
    const [first, ...others] = await queue.oldest(line, free)
    if (!first) return { starts: 'none', held: 'callers' }
    const oldest = others.reduce((found, other) => (other.oldestSeq < found.oldestSeq ? other : found), first)
    const { oldestSeq, oldestCreatedAt } = oldest
    return { starts: 'some', oldest: { oldestSeq, oldestCreatedAt } }
  }

  async #weightsOf(models: readonly string[]): Promise<ReadonlySet<string>> {
    const { catalogue } = this.#options.store
    const weights = new Set<string>()
    for (const model of models) {
      weights.add(weightsOfModel(model, undefined))
      weights.add(weightsOfModel(model, (await catalogue.model(model))?.loading))
    }
    return weights
  }
}
