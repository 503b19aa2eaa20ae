import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../wire/json-characters.ts'

/** JSON that nests deeper overflows the stack of many programs that read it. */
export const MAX_DEPTH = 500
/** A number that is cut is kept until its end arrives, so a longer one is refused. */
const MAX_SCALAR_CHARACTERS = 1_000

/** What a text is. `other`: JSON, but no object. `too_deep`: it nests deeper than `MAX_DEPTH` levels. */
export type JsonVerdict = 'object' | 'other' | 'broken' | 'too_deep'

/** What the next character belongs to, between strings and scalars. */
type Structural = 'value' | 'first_element' | 'first_name' | 'name' | 'colon' | 'after'

/** What the next character of the text belongs to. */
type Place = Structural | 'string' | 'escape' | 'hex' | 'scalar' | 'broken' | 'too_deep'

/** A quote, a backslash or a control character. */
const END_OF_PLAIN_TEXT = /[^\x20\x21\x23-\x5b\x5d-\uffff]/g
const SCALAR_PART = /[-+.0-9A-Za-z]*/y
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
/** Most numbers are short and are not cut. */
const SHORT_NUMBER = /-?(?:0|[1-9]\d{0,20})(?:\.\d{1,20})?(?=[,\]}])/y
const ESCAPED: ReadonlySet<string> = new Set(['"', '\\', '/', 'b', 'f', 'n', 'r', 't'])
const HEX_DIGIT = /[0-9a-fA-F]/
const LOWER_U = 0x75

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/**
 * Checks whether a text that comes in parts is one JSON value. Keeps nothing of the text, so the size of the text does
 * not matter, and accepts what `JSON.parse` accepts, except for what is too deep and for numbers of more than 1,000
 * characters.
 */
export class JsonScan {
  #place: Place = 'value'
  /** Whether each container that is open is an object. */
  readonly #open: boolean[] = []
  #verdict: 'object' | 'other' = 'other'
  #isName = false
  #hexDigits = 0
  #scalar = ''

  push(text: string): void {
    for (let at = 0; at < text.length;) at = this.#read(text, at)
  }

  /** The verdict if the text ended here. */
  verdict(): JsonVerdict {
    if (this.#open.length > 0 || this.#place !== 'after') {
      if (this.#place === 'too_deep') return 'too_deep'
      return this.#place === 'scalar' && this.#open.length === 0 && SCALAR.test(this.#scalar)
        ? 'other'
        : 'broken'
    }
    return this.#verdict
  }

  /** @returns the position behind what it has read */
  #read(text: string, at: number): number {
    const place = this.#place
    if (place === 'string') return this.#readString(text, at)
    if (place === 'scalar') return this.#readScalar(text, at)
    if (place === 'escape' || place === 'hex') return this.#readEscape(text, at)
    if (place === 'broken' || place === 'too_deep') return text.length
    const code = text.charCodeAt(at)
    if (isSpace(code)) return at + 1
    this.#readStructure(place, code)
    return this.#isAtScalar() ? at : at + 1
  }

  /** The first character of a scalar is read with the scalar. */
  #isAtScalar(): boolean {
    return this.#place === 'scalar'
  }

  #readStructure(place: Structural, code: number): void {
    switch (place) {
      case 'first_element':
      case 'value':
        if (code === CLOSE_BRACKET && place === 'first_element') this.#close(false)
        else this.#beginValue(code)
        return
      case 'first_name':
      case 'name':
        if (code === QUOTE) this.#beginString(true)
        else if (code === CLOSE_BRACE && place === 'first_name') this.#close(true)
        else this.#place = 'broken'
        return
      case 'colon':
        this.#place = code === COLON ? 'value' : 'broken'
        return
      case 'after':
        if (code === CLOSE_BRACE || code === CLOSE_BRACKET) this.#close(code === CLOSE_BRACE)
        else if (code === COMMA && this.#open.length > 0) this.#place = this.#open.at(-1) ? 'name' : 'value'
        else this.#place = 'broken'
    }
  }

  #beginValue(code: number): void {
    if (code === QUOTE) this.#beginString(false)
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.#openContainer(code === OPEN_BRACE)
    else {
      this.#scalar = ''
      this.#place = 'scalar'
    }
  }

  #openContainer(isObject: boolean): void {
    if (this.#open.length === 0 && isObject) this.#verdict = 'object'
    this.#place = isObject ? 'first_name' : 'first_element'
    if (this.#open.push(isObject) > MAX_DEPTH) this.#place = 'too_deep'
  }

  #close(isObject: boolean): void {
    this.#place = this.#open.pop() === isObject ? 'after' : 'broken'
  }

  #beginString(isName: boolean): void {
    this.#isName = isName
    this.#place = 'string'
  }

  /** @returns the position behind what it has read */
  #readString(text: string, at: number): number {
    END_OF_PLAIN_TEXT.lastIndex = at
    if (!END_OF_PLAIN_TEXT.test(text)) return text.length
    const end = END_OF_PLAIN_TEXT.lastIndex
    const code = text.charCodeAt(end - 1)
    if (code === QUOTE) this.#place = this.#isName ? 'colon' : 'after'
    else this.#place = code === BACKSLASH ? 'escape' : 'broken'
    return end
  }

  /** @returns the position behind what it has read */
  #readEscape(text: string, at: number): number {
    if (this.#place === 'hex') {
      if (!HEX_DIGIT.test(text.charAt(at))) this.#place = 'broken'
      else if (--this.#hexDigits === 0) this.#place = 'string'
    } else if (text.charCodeAt(at) === LOWER_U) {
      this.#hexDigits = 4
      this.#place = 'hex'
    } else this.#place = ESCAPED.has(text.charAt(at)) ? 'string' : 'broken'
    return at + 1
  }

  /** @returns the position behind what it has read */
  #readScalar(text: string, at: number): number {
    SHORT_NUMBER.lastIndex = at
    if (this.#scalar === '' && SHORT_NUMBER.test(text)) {
      this.#place = 'after'
      return SHORT_NUMBER.lastIndex
    }
    SCALAR_PART.lastIndex = at
    SCALAR_PART.test(text)
    const end = SCALAR_PART.lastIndex
    this.#scalar += text.slice(at, Math.min(end, at + MAX_SCALAR_CHARACTERS + 1))
    if (this.#scalar.length > MAX_SCALAR_CHARACTERS) this.#place = 'broken'
    else if (end < text.length) this.#place = SCALAR.test(this.#scalar) ? 'after' : 'broken'
    return end
  }
}

/** As `JsonScan`, for bytes. Bytes that are not UTF-8 are no JSON. */
export class JsonBytesScan {
  readonly #scan = new JsonScan()
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #isUtf8 = true

  push(bytes: Uint8Array): void {
    this.#decode(bytes, true)
  }

  /** The verdict on all bytes. Takes no more bytes after this. */
  verdict(): JsonVerdict {
    this.#decode(new Uint8Array(), false)
    return this.#isUtf8 ? this.#scan.verdict() : 'broken'
  }

  #decode(bytes: Uint8Array, stream: boolean): void {
    if (!this.#isUtf8) return
    try {
      this.#scan.push(this.#decoder.decode(bytes, { stream }))
    } catch {
      this.#isUtf8 = false
    }
  }
}
