import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../wire/json-characters.ts'

const BYTE_ORDER_MARK: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf])

const DONE = '"done":true'

/**
 * Follows the brackets and strings of a JSON object while it arrives, and keeps none of it. It does not notice other mistakes
 * in the JSON.
 */
export class JsonObjectScan {
  #depth = 0
  #isInString = false
  #isEscaped = false
  /** Whether anything but an object is outside of the brackets. */
  #isOther = false
  #isClosed = false
  #isDone = false
  /** The beginning of the present field of the outermost object, without the spaces. */
  #field = ''

  /** Whether the object is complete. */
  get isClosed(): boolean {
    return this.#isClosed && !this.#isOther
  }

  /** Whether the object is complete and has the field `done` with the value true. */
  get isDone(): boolean {
    return this.isClosed && this.#isDone
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#isInString) this.#takeInString(byte)
      else if (byte > 0x20) this.#take(byte)
    }
  }

  #takeInString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === BACKSLASH) this.#isEscaped = true
    else if (byte === QUOTE) this.#isInString = false
    this.#keep(byte)
  }

  #take(byte: number): void {
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#open(byte)
    else if (this.#depth === 0) this.#isOther ||= !BYTE_ORDER_MARK.has(byte)
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#close()
    else if (byte === COMMA && this.#depth === 1) this.#endField()
    else {
      this.#isInString = byte === QUOTE
      this.#keep(byte)
    }
  }

  #open(byte: number): void {
    // An object that follows another one begins anew.
    if (this.#depth === 0) {
      this.#isClosed = false
      this.#isDone = false
      this.#field = ''
      if (byte !== OPEN_BRACE) this.#isOther = true
    } else this.#keep(byte)
    this.#depth++
  }

  #close(): void {
    if (this.#depth === 1) this.#endField()
    if (--this.#depth === 0) this.#isClosed = true
  }

  #endField(): void {
    if (this.#field === DONE) this.#isDone = true
    this.#field = ''
  }

  #keep(byte: number): void {
    if (this.#depth === 1 && this.#field.length <= DONE.length) this.#field += String.fromCharCode(byte)
  }
}
