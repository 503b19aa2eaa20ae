/** What keys do, by what is pressed: one key, or `g` and another one. */
export type KeyTable<Action> = Readonly<Record<string, Action>>

/** How long the second key of two may take. */
const PATIENCE_MS = 1_500

/** Reads keys one after the other. */
export class KeyReader<Action> {
  #first: { readonly key: string; readonly at: number } | undefined

  /** @returns what is to be done; undefined: nothing, or not yet */
  press(key: string, at: number, table: KeyTable<Action>): Action | undefined {
    const first =
      this.#first !== undefined && at - this.#first.at <= PATIENCE_MS ? this.#first.key : undefined
    this.#first = undefined
    const both = first === undefined ? undefined : table[`${first} ${key}`]
    if (both !== undefined) return both
    if (Object.keys(table).some(each => each.startsWith(`${key} `))) {
      this.#first = { key, at }
      return undefined
    }
    return table[key]
  }
}
