import type { WaitsFor } from '@foreman/job-view'
import { priorities } from '@foreman/jobs'
import { weightsOf, weightsOfModel } from '@foreman/ollama-client'
import { type Held, heldNow, type HeldNow, Openings, timeText } from '@foreman/scheduling'
import type { HoldRow, JobRecord, SchedulingRules, Store } from '@foreman/store'

type InLine = Pick<JobRecord, 'groupKey' | 'priority'>

const DAY_MS = 86_400_000
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** What is held back as it was at one moment, and why a job does not start because of it. */
export class HeldBack {
  readonly #held: HeldNow
  readonly #byWeights: ReadonlyMap<string, Held>
  readonly #openings: Openings

  constructor(held: HeldNow, byWeights: ReadonlyMap<string, Held>, openings: Openings) {
    this.#held = held
    this.#byWeights = byWeights
    this.#openings = openings
  }

  get isPaused(): boolean {
    return this.#held.pause !== undefined
  }

  /** Whether no job of a line starts, whoever has sent it. */
  hasLine(line: InLine): boolean {
    return this.#ofLine(line) !== undefined
  }

  /** What a job waits for because of it. Undefined: nothing holds it back. */
  whatFor(job: InLine & Pick<JobRecord, 'account'>, now: number): WaitsFor | undefined {
    const { pause, callers } = this.#held
    if (pause) return { code: 'paused', forMs: restOf(pause, now) }
    const held = this.#ofLine(job) ?? callers.get(job.account)
    if (!held || held.by === 'pause') return undefined
    const { by, subject, isWindow, until } = held
    if (isWindow && until !== null) return { code: 'held', by, subject, from: this.#timeOf(until, now) }
    return { code: 'held', by, subject, forMs: restOf(held, now) }
  }

  #ofLine({ groupKey, priority }: InLine): Held | undefined {
    return this.#held.priorities.get(priorities[priority] ?? '') ?? this.#byWeights.get(weightsOf(groupKey))
  }

  /** @example '22:00', or, if that is not within a day, 'Sat 22:00' */
  #timeOf(at: number, now: number): string {
    const { day, minute } = this.#openings.wallAt(at)
    const time = timeText(minute)
    return at - now < DAY_MS ? time : `${dayNames[day]} ${time}`
  }
}

const restOf = ({ until }: Held, now: number): number | undefined =>
  until === null ? undefined : until - now

/** Works out what is held back. Keeps the clock on the wall, because making one takes a while. */
export class HeldReader {
  readonly #store: { readonly catalogue: Pick<Store['catalogue'], 'model'> }
  #openings = new Openings([], 'UTC')
  #text = ''

  constructor(store: { readonly catalogue: Pick<Store['catalogue'], 'model'> }) {
    this.#store = store
  }

  async read(holds: readonly HoldRow[], rules: SchedulingRules, now: number): Promise<HeldBack> {
    this.#heed(rules)
    const held = heldNow(holds, this.#openings, now)
    const byWeights = new Map<string, Held>()
    for (const [model, why] of held.models) {
      byWeights.set(weightsOfModel(model, undefined), why)
      byWeights.set(weightsOfModel(model, (await this.#store.catalogue.model(model))?.loading), why)
    }
    return new HeldBack(held, byWeights, this.#openings)
  }

  #heed({ windows = [], timeZone = 'UTC' }: SchedulingRules): void {
    const text = JSON.stringify([windows, timeZone])
    if (text === this.#text) return
    this.#text = text
    this.#openings = new Openings(windows, timeZone)
  }
}
