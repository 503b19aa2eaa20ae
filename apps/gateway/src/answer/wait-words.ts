import { answerForm, type ContinuedMessage, type ShownWait, type Waiting } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'

const NOTHING = new Uint8Array()

/** The words in a stream that say how long its caller waits. They are in front of the answer, and are ended once. */
export class WaitWords {
  readonly #form: ShownWait
  #state: 'none' | 'shown' | 'over' = 'none'

  constructor(form: ShownWait) {
    this.#form = form
  }

  /** @returns the bytes that show these words */
  say(words: string, waiting: Waiting): Uint8Array {
    const begin = this.#state === 'none' ? (this.#form.begin?.(waiting) ?? NOTHING) : NOTHING
    this.#state = 'shown'
    return Buffer.concat([begin, this.#form.say(words, waiting)])
  }

  /** @returns the bytes that end them, none when no words were shown or when they have ended */
  end(waiting: Waiting): Uint8Array {
    if (this.#state !== 'shown') return NOTHING
    this.#state = 'over'
    return this.#form.end?.(waiting) ?? NOTHING
  }

  /** How an answer with these headers fits behind them. Undefined: it does as it is. */
  rewriteOf(headers: HeaderPairs): ContinuedMessage | undefined {
    return this.#state !== 'none' && answerForm(headers) === 'events' ? this.#form.rewrite?.() : undefined
  }
}
