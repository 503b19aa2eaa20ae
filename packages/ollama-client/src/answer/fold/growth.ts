import { GrowingText, type JsonText } from './json-text.ts'
import type { RawFields } from './raw-fields.ts'

type Kind = 'texts' | 'lists'

const BRACKETS = { texts: ['"', '"'], lists: ['[', ']'] } as const satisfies Record<Kind, readonly string[]>

/** A field that has begun to arrive: what stands between its quotes or brackets. */
interface Grown {
  readonly kind: Kind
  readonly inner: GrowingText
  isEmpty: boolean
}

/** Joins fields that arrive in parts: texts are concatenated, lists are appended to. Nothing in them is parsed. */
export class Growth {
  readonly #kinds: ReadonlyMap<string, Kind>
  readonly #grown = new Map<string, Grown>()

  constructor(fields: { readonly [K in Kind]?: readonly string[] }) {
    const { texts = [], lists = [] } = fields
    this.#kinds = new Map([
      ...texts.map(name => [name, 'texts'] as const),
      ...lists.map(name => [name, 'lists'] as const),
    ])
  }

  add(part: RawFields): void {
    for (const [name, kind] of this.#kinds) {
      const more = part.get(name)
      if (more === undefined || more[0] !== BRACKETS[kind][0]) continue
      this.#addTo(this.#begun(name, kind), more.slice(1, -1))
    }
  }

  /** A field of which a part has arrived, undefined when none has. */
  field(name: string): JsonText | undefined {
    const grown = this.#grown.get(name)
    if (!grown) return undefined
    const [open, close] = BRACKETS[grown.kind]
    return [open, grown.inner.parts(), close]
  }

  /** All fields. A field of which no part has arrived is undefined. */
  fields(): Record<string, JsonText | undefined> {
    return Object.fromEntries([...this.#kinds.keys()].map(name => [name, this.field(name)]))
  }

  #begun(name: string, kind: Kind): Grown {
    const begun = this.#grown.get(name) ?? { kind, inner: new GrowingText(), isEmpty: true }
    this.#grown.set(name, begun)
    return begun
  }

  #addTo(grown: Grown, more: string): void {
    const isList = grown.kind === 'lists'
    if (isList && more.trim() === '') return
    if (isList && !grown.isEmpty) grown.inner.add(',')
    grown.inner.add(more)
    grown.isEmpty = false
  }
}
