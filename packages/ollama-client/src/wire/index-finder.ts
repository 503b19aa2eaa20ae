import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-characters.ts'

const NAME = 'index'

/** Finds the number in the field `index` of a JSON object that comes byte by byte. Fields of nested objects do not count. */
export class IndexFinder {
  #depth = 0
  #isInString = false
  #isEscaped = false
  /** The last string at the top, as far as it can be the name. */
  #string = ''
  #isAtValue = false

  /** Takes the next byte. @returns whether it is a digit of the number */
  isDigit(byte: number): boolean {
    if (this.#isInString) {
      this.#readString(byte)
      return false
    }
    if (isSpace(byte)) return false
    if (this.#isAtValue && byte >= 0x30 && byte <= 0x39) return true
    this.#isAtValue = byte === COLON && this.#depth === 1 && this.#string === NAME
    if (byte === QUOTE) {
      this.#isInString = true
      this.#string = ''
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--
    return false
  }

  #readString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === BACKSLASH) this.#isEscaped = true
    else if (byte === QUOTE) this.#isInString = false
    if (this.#isInString && this.#string.length <= NAME.length) this.#string += String.fromCharCode(byte)
  }
}
