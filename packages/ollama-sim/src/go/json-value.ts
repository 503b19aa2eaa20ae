/** A JSON value that keeps what JavaScript's would lose: how a number was written, repeated and differently cased names. */
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | JsonObject

export class JsonNumber {
  readonly raw: string

  constructor(raw: string) {
    this.raw = raw
  }
}

export class JsonObject {
  /** In the order of the text, repetitions included. */
  readonly entries: [name: string, value: JsonValue][] = []
}

/** What Go's error messages call the kind of a value. */
export const kindOf = (value: JsonValue): 'null' | 'bool' | 'string' | 'number' | 'array' | 'object' => {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (value instanceof JsonNumber) return 'number'
  return Array.isArray(value) ? 'array' : 'object'
}

/**
 * The value as ordinary JavaScript; of a repeated name the last one counts. Without recursion: what could be read may
 * be nested deeper than a stack allows.
 */
export const toPlain = (value: JsonValue): unknown => {
  const unfinished: [of: JsonValue[] | JsonObject, into: object][] = []
  const convert = (of: JsonValue): unknown => {
    if (of instanceof JsonNumber) return Number(of.raw)
    if (typeof of !== 'object' || of === null) return of
    const into = Array.isArray(of) ? [] : {}
    unfinished.push([of, into])
    return into
  }
  const plain = convert(value)
  for (let next = unfinished.pop(); next !== undefined; next = unfinished.pop()) {
    const [of, into] = next
    const members = Array.isArray(of) ? of.entries() : of.entries
    for (const [name, member] of members) {
      // Defined rather than assigned, so that a name such as __proto__ is only a name.
      const field = { value: convert(member), enumerable: true, configurable: true, writable: true }
      Object.defineProperty(into, name, field)
    }
  }
  return plain
}
