import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-characters.ts'

/** How many bytes of a string are read one by one before `indexOf` is used, which is faster only if the quote is far away. */
const NEAR_BYTES = 32
/** So many backslashes before a quote are not counted: the string is read on one by one. */
const MANY_BACKSLASHES = 64 * 1024

type Stage = 'space before' | 'value' | 'space behind'

/**
 * Finds where JSON values begin and end, a stretch at a time, because a value and the space around it can be as long as the
 * body.
 */
export class ValueReader {
  readonly #body: Buffer
  /** How far it has read. */
  at = 0
  /** Position of the first byte of the value. */
  start = 0
  /** Position behind the value. */
  end = 0
  /** Whether there is no value, or the body ends in the middle of it. */
  isBroken = false
  #stage: Stage = 'space before'
  #depth = 0
  #isInString = false
  /** Position of a quote further on. */
  #quote = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  /** @param at position of the next value, or of the space before it */
  begin(at: number): void {
    this.at = at
    this.isBroken = false
    this.#stage = 'space before'
    this.#depth = 0
    this.#isInString = false
  }

  /**
   * Reads a value and the space around it.
   *
   * @param stop about where to pause
   * @returns whether both are over, or broken. If not, the next call goes on
   */
  readUntil(stop: number): boolean {
    if (this.#stage === 'space before') {
      if (!this.#skipSpace(stop)) return false
      this.start = this.at
      this.#stage = 'value'
    }
    if (this.#stage === 'value') {
      if (!this.#readValue(stop)) return false
      if (this.isBroken) return true
      this.end = this.at
      this.#stage = 'space behind'
    }
    return this.#skipSpace(stop)
  }

  #skipSpace(stop: number): boolean {
    while (this.at < stop && isSpace(this.#body[this.at])) this.at++
    return this.at < stop || !isSpace(this.#body[this.at])
  }

  #readValue(stop: number): boolean {
    if (this.#isInString) {
      if (!this.#readString(stop)) return false
      if (this.#depth === 0 || this.isBroken) return true
    }
    const first = this.#body[this.start]
    if (first === OPEN_BRACE || first === OPEN_BRACKET) return this.#readBrackets(stop)
    if (first !== QUOTE) return this.#readScalar(stop)
    this.at++
    return this.#readString(stop)
  }

  #readBrackets(stop: number): boolean {
    const body = this.#body
    const end = Math.min(stop, body.length)
    let depth = this.#depth
    let at = this.at
    for (; at < end; at++) {
      const byte = body[at]
      if (byte === QUOTE) {
        this.at = at + 1
        this.#depth = depth
        if (!this.#readString(stop)) return false
        if (this.isBroken) return true
        at = this.at - 1
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) {
        this.at = at + 1
        return true
      }
    }
    this.#depth = depth
    return this.#pauseAt(at)
  }

  /** Reads on behind the opening quote. */
  #readString(stop: number): boolean {
    const body = this.#body
    this.#isInString = true
    let at = this.at
    let nearBytes = NEAR_BYTES
    while (at < stop) {
      for (const near = Math.min(at + nearBytes, body.length); at < near; at++) {
        if (body[at] === QUOTE) return this.#endString(at)
        if (body[at] === BACKSLASH) at++
      }
      if (this.#quote < at) this.#quote = body.indexOf(QUOTE, at)
      const quote = this.#quote
      if (quote === -1) return this.#pauseAt(body.length)
      let backslashes = 0
      const most = Math.min(quote - at, MANY_BACKSLASHES)
      while (backslashes < most && body[quote - 1 - backslashes] === BACKSLASH) backslashes++
      if (backslashes === MANY_BACKSLASHES) nearBytes = MANY_BACKSLASHES
      else if (backslashes % 2 === 0) return this.#endString(quote)
      else at = quote + 1
    }
    return this.#pauseAt(at)
  }

  #endString(quote: number): true {
    this.at = quote + 1
    this.#isInString = false
    return true
  }

  /** A number, a literal, or what is none of these: it ends where the next thing begins. */
  #readScalar(stop: number): boolean {
    const end = Math.min(stop, this.#body.length)
    let at = this.at
    for (; at < end; at++) {
      const byte = this.#body[at]
      if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte)) {
        this.at = at
        this.isBroken = at === this.start
        return true
      }
    }
    return this.#pauseAt(at)
  }

  /** At the end of the body there is nothing to go on with. */
  #pauseAt(at: number): boolean {
    this.at = at
    this.isBroken = at >= this.#body.length
    return this.isBroken
  }
}
