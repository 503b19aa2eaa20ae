import type { Fields } from './fields.ts'

/** Joins fields that arrive in parts: texts are concatenated, lists are appended to. */
export class Growth {
  readonly #texts: Map<string, string | undefined>
  readonly #lists: Map<string, unknown[] | undefined>

  constructor(fields: { texts?: readonly string[]; lists?: readonly string[] }) {
    this.#texts = new Map(fields.texts?.map(name => [name, undefined]))
    this.#lists = new Map(fields.lists?.map(name => [name, undefined]))
  }

  add(part: Fields): void {
    for (const [name, text = ''] of this.#texts) {
      const more = part[name]
      if (typeof more === 'string') this.#texts.set(name, text + more)
    }
    for (const [name, list = []] of this.#lists) {
      const more = part[name]
      if (!Array.isArray(more)) continue
      for (const each of more) list.push(each)
      this.#lists.set(name, list)
    }
  }

  /** All fields. A field of which no part has arrived is undefined. */
  fields(): Fields {
    return Object.fromEntries([...this.#texts, ...this.#lists])
  }
}
