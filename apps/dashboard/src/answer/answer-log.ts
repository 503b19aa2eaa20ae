import type { JobEventData } from '@foreman/jobs'
import { TextLog } from '../long-text/text-log.ts'
import { partsOf } from './answer-parts.ts'

/** A longer piece is shown as it is, rather than kept until it is whole. */
const MAX_PIECE_CHARACTERS = 40_000_000

/** The answer of an attempt, as its bytes come: lines of JSON, an event stream, or one JSON object. */
export class AnswerLog {
  readonly text = new TextLog()
  readonly thinking = new TextLog()
  readonly tools = new TextLog()
  readonly error = new TextLog()
  /** What is none of these. */
  readonly raw = new TextLog()
  #decoder = new TextDecoder()
  #rest: string[] = []
  #restCharacters = 0
  /** A line was no JSON: perhaps all lines together are. */
  #isWhole = false

  get isEmpty(): boolean {
    return [this.text, this.thinking, this.tools, this.error, this.raw].every(
      ({ characters }) => characters === 0,
    )
  }

  push({ text = '', base64 }: JobEventData['output']): void {
    // Only a character that is divided among pieces comes as base64.
    const piece =
      base64 === undefined
        ? this.#decoder.decode() + text
        : this.#decoder.decode(bytesOf(base64), { stream: true })
    const [first = '', ...later] = this.#isWhole ? [piece] : piece.split('\n')
    this.#keep(first)
    for (const line of later) {
      this.#take()
      this.#keep(this.#isWhole ? `\n${line}` : line)
    }
  }

  /** The answer is over. */
  end(): void {
    this.#keep(this.#decoder.decode())
    this.#isWhole = false
    const rest = this.#rest.join('')
    this.#rest = []
    if (rest.trim() !== '' && !this.#read(rest)) this.raw.append(rest)
  }

  #keep(piece: string): void {
    this.#rest.push(piece)
    this.#restCharacters += piece.length
    if (this.#restCharacters > MAX_PIECE_CHARACTERS) this.#giveUp()
  }

  #giveUp(): void {
    for (const piece of this.#rest) this.raw.append(piece)
    this.#rest = []
    this.#restCharacters = 0
  }

  /** Reads the line that is complete now. */
  #take(): void {
    if (this.#isWhole) return
    const line = this.#rest.join('')
    if (line.trim() !== '' && !this.#read(line)) {
      this.#isWhole = true
      return
    }
    this.#rest = []
    this.#restCharacters = 0
  }

  /** @returns whether it is of a known form */
  #read(line: string): boolean {
    const text = line.replace(/^data:/, '').trim()
    if (text === '[DONE]' || /^(?:event|id|retry)?:/.test(text)) return true
    try {
      for (const part of partsOf(JSON.parse(text))) this[part.kind].append(part.text)
      return true
    } catch {
      return false
    }
  }
}

const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), character => character.charCodeAt(0))
