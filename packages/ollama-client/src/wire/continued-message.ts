import { IndexFinder } from './index-finder.ts'

const LINE_FEED = 0x0a
const DATA = 'data:'
const NAME = 'event:'
/** The names of events are shorter. */
const MAX_NAME_LINE = 64
/** An index is shorter, and a number of so many digits is exact. */
const MAX_DIGITS = 15

/** What kind of line is being read. `unknown`: too little of it has come, or it is the name of an event and not complete. */
type Line = 'unknown' | 'data' | 'other'

/**
 * Makes the events of a message of `/v1/messages` fit behind a message that has begun and has one content block: leaves
 * `message_start` out, because no client takes a second one, and raises the `index` of each content block by one. All other
 * bytes stay as they are. What has come is held back only while it may be the name of an event, or an index.
 */
export class ContinuedMessage {
  #line: Line = 'unknown'
  #begun = ''
  #isLeftOut = false
  #index = new IndexFinder()
  #digits = ''
  #out = new Uint8Array()
  #length = 0

  /** @returns what the bytes so far are to be, without what was returned before */
  push(bytes: Uint8Array): Uint8Array {
    // An index of one digit can become one of two.
    return this.#collect(2 * bytes.byteLength, () => {
      for (const byte of bytes) this.#take(byte)
    })
  }

  /** @returns what was held back. To be called at the end of the answer */
  rest(): Uint8Array {
    return this.#collect(1, () => this.#release())
  }

  #collect(mostBytes: number, act: () => void): Uint8Array {
    this.#out = new Uint8Array(this.#begun.length + this.#digits.length + mostBytes)
    this.#length = 0
    act()
    return this.#out.subarray(0, this.#length)
  }

  #take(byte: number): void {
    if (byte === LINE_FEED) this.#endLine()
    else if (this.#line === 'unknown') this.#readBeginning(byte)
    else if (this.#line === 'data' && this.#index.isDigit(byte) && this.#digits.length < MAX_DIGITS)
      this.#digits += String.fromCharCode(byte)
    else {
      this.#release()
      this.#send(byte)
    }
  }

  #readBeginning(byte: number): void {
    this.#begun += String.fromCharCode(byte)
    const begun = this.#begun
    if (begun === DATA) this.#line = 'data'
    else if (!DATA.startsWith(begun) && !mayBeName(begun)) this.#line = 'other'
    if (this.#line !== 'unknown') this.#release()
  }

  #endLine(): void {
    const begun = this.#begun.trim()
    const isBlank = this.#line === 'unknown' && begun === ''
    if (begun.startsWith(NAME)) this.#isLeftOut = begun.slice(NAME.length).trim() === 'message_start'
    this.#release()
    this.#send(LINE_FEED)
    // A blank line ends an event.
    if (isBlank) this.#isLeftOut = false
    this.#line = 'unknown'
    this.#index = new IndexFinder()
  }

  #release(): void {
    const raised = this.#digits && String(Number(this.#digits) + 1)
    for (const character of this.#begun + raised) this.#send(character.charCodeAt(0))
    this.#begun = ''
    this.#digits = ''
  }

  #send(byte: number): void {
    if (!this.#isLeftOut) this.#out[this.#length++] = byte
  }
}

const mayBeName = (line: string): boolean =>
  NAME.startsWith(line) || (line.startsWith(NAME) && line.length <= MAX_NAME_LINE)
