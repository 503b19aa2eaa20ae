import type { Fields } from './fields.ts'

/** Fields that come in parts: texts that run on, lists that get longer. */
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

  /** Each of the fields; undefined where none came. */
  fields(): Fields {
    return Object.fromEntries([...this.#texts, ...this.#lists])
  }
}
