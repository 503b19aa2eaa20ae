import type { Word } from './words.ts'

/** One step of a generation: what it adds to the text, which may be nothing, or how it ended. */
export interface Step {
  text: string
  /** The tokens behind `text`, for log probabilities. */
  tokens: number[]
  /** Set on the last step. */
  end?: 'stop' | 'length'
}

export interface SpeechOptions {
  /** Most tokens to say; Infinity to go on for ever. */
  limit: number
  /** The text ends before the first of these. */
  stop: readonly string[]
}

/** Says a model's words token by token. */
export class Speech {
  /** Tokens sampled so far, the end token included. */
  evaluated = 0
  readonly #words: Iterator<Word>
  /** Said, but held back because it may be the beginning of a stop text. */
  #held: { text: string; tokens: number[] } = { text: '', tokens: [] }
  readonly #options: SpeechOptions

  constructor(words: Iterable<Word>, options: SpeechOptions) {
    this.#words = words[Symbol.iterator]()
    this.#options = options
  }

  next(): Step {
    if (this.evaluated >= this.#options.limit) return { ...this.#release(), end: 'length' }
    const { value: word, done: isLast } = this.#words.next()
    this.evaluated++
    if (isLast) return { ...this.#release(), end: 'stop' }
    const { stop } = this.#options
    if (stop.length === 0) return word
    this.#held.text += word.text
    this.#held.tokens.push(...word.tokens)
    const found = stop.filter(text => this.#held.text.includes(text))
    if (found.length > 0) {
      const at = Math.min(...found.map(text => this.#held.text.indexOf(text)))
      const { text, tokens } = this.#release()
      return { text: text.slice(0, at), tokens: at === 0 ? [] : tokens.slice(0, -1), end: 'stop' }
    }
    const mayGrow = stop.some(text => endsWithBeginningOf(this.#held.text, text))
    return mayGrow ? { text: '', tokens: [] } : this.#release()
  }

  #release() {
    const held = this.#held
    this.#held = { text: '', tokens: [] }
    return held
  }
}

const endsWithBeginningOf = (text: string, stop: string): boolean => {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return true
  }
  return false
}
