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

  /** Undefined when there are none. */
  result(): Fields[] | undefined {
    if (this.#calls.length === 0) return undefined
    return this.#calls.map(({ begin, arguments: text }) => ({
      ...begin,
      function: { ...objectIn(begin, 'function'), arguments: text },
    }))
  }
}

/** Some models' calls all have the index 0: a new id, or a name where there is no id, is another call. */
const continues = (begin: Fields, delta: Fields): boolean => {
  const id = textIn(delta, 'id')
  return id === '' ? textIn(objectIn(delta, 'function'), 'name') === '' : id === begin['id']
}
