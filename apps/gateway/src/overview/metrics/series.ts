import type { Labels, MetricValue } from './metric.ts'

/** The labels whose values are a closed list. */
export type Enums = Readonly<Record<string, readonly string[]>>

/** The values of one metric, by its labels. What comes twice is added up. */
export class Series {
  readonly #enums: Enums
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>()

  /**
   * @param enums the labels that have every one of their values as soon as there is one, so that a rate sees the first event
   * @param from the values of the other labels that are there from the start. With no other labels: one without any
   */
  constructor(enums: Enums = {}, from: readonly Labels[] = []) {
    this.#enums = enums
    for (const open of from) this.#begin(open)
  }

  get values(): MetricValue[] {
    return [...this.#values.values()]
  }

  add(labels: Labels, value: number): void {
    const isOpen = ([name]: readonly [string, string]) => !(name in this.#enums)
    this.#begin(Object.fromEntries(Object.entries(labels).filter(isOpen)))
    this.#add(labels, value)
  }

  #begin(open: Labels): void {
    for (const closed of combinationsOf(this.#enums)) this.#add({ ...open, ...closed }, 0)
  }

  #add(labels: Labels, by: number): void {
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const series = this.#values.get(key)
    if (series) series.value += by
    else this.#values.set(key, { labels, value: by })
  }
}

const combinationsOf = (enums: Enums): Labels[] =>
  Object.entries(enums).reduce<Labels[]>(
    (all, [name, values]) => all.flatMap(labels => values.map(value => ({ ...labels, [name]: value }))),
    [{}],
  )
