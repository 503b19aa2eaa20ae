import type { InFlightJob } from '@foreman/store'

interface Seen {
  readonly tokens: number
  readonly at: number
}

/** Keeps how quickly the answers of the running jobs grow. */
export class RateKeeper {
  #seen: ReadonlyMap<number, Seen> = new Map()
  #perSecond: ReadonlyMap<number, number> = new Map()

  /** In tokens, by the number of the job. */
  get perSecond(): ReadonlyMap<number, number> {
    return this.#perSecond
  }

  note(jobs: readonly InFlightJob[], at: number): void {
    const rates = new Map<number, number>()
    for (const { seq, tokens } of jobs) {
      const before = this.#seen.get(seq)
      if (!before || tokens === null) continue
      const rate = ((tokens - before.tokens) * 1_000) / (at - before.at)
      // The worker notes the tokens once in a while: between two notes the last rate holds.
      const known = rate > 0 ? rate : this.#perSecond.get(seq)
      if (known !== undefined && Number.isFinite(known)) rates.set(seq, known)
    }
    const entries = jobs.flatMap(({ seq, tokens }): [number, Seen][] => {
      const before = this.#seen.get(seq)
      if (tokens === null) return []
      return [[seq, before && before.tokens === tokens ? before : { tokens, at }]]
    })
    this.#seen = new Map(entries)
    this.#perSecond = rates
  }
}
