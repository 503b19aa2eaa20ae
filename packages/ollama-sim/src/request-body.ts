import { JsonObject, type JsonValue } from './go/json-value.ts'
import { readFirstValue } from './go/read-json.ts'

/** The body of a request, read as JSON at most once. */
export class RequestBody {
  readonly bytes: Buffer
  #read: { value: JsonValue } | { error: Error } | undefined

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** The first JSON value. Throws JsonSyntaxError. */
  json(): JsonValue {
    this.#read ??= this.#parse()
    if ('error' in this.#read) throw this.#read.error
    return this.#read.value
  }

  /** The model that it names, for the log and for faults; undefined when there is none to see. */
  get model(): string | undefined {
    if (this.bytes.length === 0) return undefined
    this.#read ??= this.#parse()
    if (!('value' in this.#read) || !(this.#read.value instanceof JsonObject)) return undefined
    const named = this.#read.value.entries.findLast(([name]) => name.toLowerCase() === 'model')?.[1]
    return typeof named === 'string' ? named : undefined
  }

  #parse() {
    try {
      return { value: readFirstValue(this.bytes) }
    } catch (error) {
      return { error: error as Error }
    }
  }
}
