import { type Fields, objectIn, textIn } from './fields.ts'

interface Call {
  readonly begin: Fields
  arguments: string
}

/** The tool calls of one message, in the order in which they began. */
export class ToolCalls {
  readonly #calls: Call[] = []
  readonly #latest = new Map<unknown, Call>()

  add(delta: Fields): void {
    const more = textIn(objectIn(delta, 'function'), 'arguments')
    const call = this.#latest.get(delta['index'])
    if (call && continues(call.begin, delta)) {
      call.arguments += more
      return
    }
    const begun = { begin: delta, arguments: more }
    this.#latest.set(delta['index'], begun)
    this.#calls.push(begun)
  }

  /** @returns undefined when there are no calls */
  result(): Fields[] | undefined {
    if (this.#calls.length === 0) return undefined
    return this.#calls.map(({ begin, arguments: text }) => ({
      ...begin,
      function: { ...objectIn(begin, 'function'), arguments: text },
    }))
  }
}

/** All calls of some models have the index 0. A new id then begins another call, and so does a name without an id. */
const continues = (begin: Fields, delta: Fields): boolean => {
  const id = textIn(delta, 'id')
  return id === '' ? textIn(objectIn(delta, 'function'), 'name') === '' : id === begin['id']
}
