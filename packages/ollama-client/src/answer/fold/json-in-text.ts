import { isObjectText, OutOfBoundsError, type RawFields } from './raw-fields.ts'

/** A longer text is not read: it is read in one go. */
const MAX_CHARACTERS = 2 * 1024 * 1024

/** A text that arrives in parts, and that is itself the JSON of an object. */
export class JsonInText {
  readonly #name: string
  #quoted = ''

  /** @param name of the field that the parts are in */
  constructor(name: string) {
    this.#name = name
  }

  /** @throws OutOfBoundsError when the text has become too long */
  add(fields: RawFields): void {
    const part = fields.get(this.#name)
    if (!part?.startsWith('"')) return
    this.#quoted += part.slice(1, -1)
    if (this.#quoted.length > MAX_CHARACTERS)
      throw new OutOfBoundsError('a JSON text within the answer is too long')
  }

  /**
   * The object that the text is, undefined when it is none.
   *
   * @throws OutOfBoundsError when the object nests too deep
   */
  object(): string | undefined {
    const text = JSON.parse(`"${this.#quoted}"`) as string
    return isObjectText(text) ? text : undefined
  }
}
