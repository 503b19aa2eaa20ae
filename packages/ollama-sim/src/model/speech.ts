import { EOS, nextToken, tokenText } from './vocabulary.ts'

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
  /** The word of the story that belongs to the weights. */
  seedWord: string
}

/** Says the model's words token by token, beginning after `lastToken`. */
export class Speech {
  /** Tokens sampled so far, the end token included. */
  evaluated = 0
  #token: number
  /** Said, but held back because it may be the beginning of a stop text. */
  #held: { text: string; tokens: number[] } = { text: '', tokens: [] }
  readonly #options: SpeechOptions

  constructor(lastToken: number, options: SpeechOptions) {
    this.#token = lastToken
    this.#options = options
  }

  next(): Step {
    if (this.evaluated >= this.#options.limit) return { ...this.#release(), end: 'length' }
    this.#token = nextToken(this.#token)
    this.evaluated++
    if (this.#token === EOS) return { ...this.#release(), end: 'stop' }
    const { stop, seedWord } = this.#options
    const piece = tokenText(this.#token, seedWord)
    if (stop.length === 0) return { text: piece, tokens: [this.#token] }
    this.#held.text += piece
    this.#held.tokens.push(this.#token)
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
