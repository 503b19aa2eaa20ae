import { parseObject } from '../fold/fields.ts'
import { KeptBytes, PieceSplitter } from '../pieces.ts'
import { type Spoken, spokenIn } from './spoken.ts'

/** A longer line is not read. */
const MAX_LINE_BYTES = 3 * 1024 * 1024
/** A longer answer that is no stream is not read. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/**
 * Reads what an answer says while it arrives, whatever its dialect: a stream of lines or events, one JSON value, or text. The first
 * bytes tell which it is.
 *
 * @example
 * const reader = new SpokenReader(({ kind, text }) => show(kind, text))
 * for await (const chunk of body) reader.push(chunk)
 * reader.end()
 */
export class SpokenReader {
  readonly #take: (spoken: Spoken) => void
  /** What no piece has been found in. */
  readonly #unread = new KeptBytes(MAX_BODY_BYTES)
  #pieces: PieceSplitter | undefined
  #hasPieces = false

  constructor(take: (spoken: Spoken) => void) {
    this.#take = take
  }

  push(bytes: Uint8Array): void {
    if (!this.#hasPieces) this.#unread.add(bytes)
    this.#pieces ??= this.#splitterFor(bytes)
    this.#pieces?.push(bytes)
    if (this.#hasPieces) this.#unread.clear()
  }

  /** Reads what has no end of its own: a last line, or an answer that is no stream. */
  end(): void {
    const begun = this.#pieces?.begun()
    if (begun !== undefined && this.#read(begun)) return
    if (this.#hasPieces) return
    const text = this.#unread.text() ?? ''
    const whole = parseObject(text)
    if (whole) for (const spoken of spokenIn(whole)) this.#take(spoken)
    else if (text !== '') this.#take({ kind: 'text', text })
  }

  #splitterFor(bytes: Uint8Array): PieceSplitter | undefined {
    const first = bytes.find(byte => byte > SPACE)
    if (first === undefined) return undefined
    const form = first === BRACE ? 'lines' : 'events'
    return new PieceSplitter(form, MAX_LINE_BYTES, piece => this.#read(piece))
  }

  /** @returns whether it was a piece */
  #read(text: string): boolean {
    const piece = text === '[DONE]' ? {} : parseObject(text)
    if (!piece) return false
    this.#hasPieces = true
    for (const spoken of spokenIn(piece)) this.#take(spoken)
    return true
  }
}

const SPACE = 0x20
const BRACE = 0x7b
