import { Growth } from './growth.ts'
import { fieldsWith, type JsonText, listText, objectText } from './json-text.ts'
import { MAX_ENTRIES, objectIn, OutOfBoundsError, type RawFields, textIn } from './raw-fields.ts'

interface Call {
  readonly begin: RawFields
  readonly said: Growth
}

/** The tool calls of one message, in the order in which they began. */
export class ToolCalls {
  readonly #calls: Call[] = []
  readonly #latest = new Map<string | undefined, Call>()

  /** @throws OutOfBoundsError when there are too many calls */
  add(delta: RawFields): void {
    const latest = this.#latest.get(delta.get('index'))
    const call = latest && continues(latest.begin, delta) ? latest : this.#begin(delta)
    call.said.add(objectIn(delta, 'function'))
  }

  /** @returns undefined when there are no calls */
  result(): JsonText | undefined {
    if (this.#calls.length === 0) return undefined
    return listText(
      this.#calls.map(({ begin, said }) => {
        const called = { arguments: said.field('arguments') ?? '""' }
        return objectText(
          fieldsWith(begin, { function: objectText(fieldsWith(objectIn(begin, 'function'), called)) }),
        )
      }),
    )
  }

  #begin(delta: RawFields): Call {
    const begun = { begin: delta, said: new Growth({ texts: ['arguments'] }) }
    this.#latest.set(delta.get('index'), begun)
    if (this.#calls.push(begun) > MAX_ENTRIES) throw new OutOfBoundsError('there are too many tool calls')
    return begun
  }
}

/** All calls of some models have the index 0. A new id then begins another call, and so does a name without an id. */
const continues = (begin: RawFields, delta: RawFields): boolean => {
  const id = textIn(delta, 'id')
  return id === '' ? textIn(objectIn(delta, 'function'), 'name') === '' : id === textIn(begin, 'id')
}
