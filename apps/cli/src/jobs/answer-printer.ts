import { type Spoken, SpokenReader } from '@foreman/ollama-client'
import { safeText } from '../output/safe-text.ts'
import type { Screen } from '../output/screen.ts'

/**
 * Prints what an answer says: its text and its calls of tools are data; its thinking is not, and goes to stderr, dimmed. Both may be
 * the same terminal, so one begins on a new line behind the other.
 */
export class AnswerPrinter {
  readonly #screen: Screen
  #reader: SpokenReader
  #last: Spoken['kind'] | undefined
  #isAtLineStart = true

  constructor(screen: Screen) {
    this.#screen = screen
    this.#reader = this.#newReader()
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes)
  }

  /** Says something between parts of the answer. */
  say(line: string): void {
    this.#breakLine()
    this.#screen.say(line)
  }

  /** Begins another answer. */
  restart(line: string): void {
    this.#reader = this.#newReader()
    this.say(line)
  }

  end(): void {
    this.#reader.end()
    this.#breakLine()
  }

  #newReader(): SpokenReader {
    return new SpokenReader(spoken => this.#print(spoken))
  }

  #print({ kind, text }: Spoken): void {
    if (kind !== this.#last) this.#breakLine()
    this.#last = kind
    const shown = safeText(text)
    this.#isAtLineStart = shown.endsWith('\n')
    if (kind === 'thinking' || kind === 'error') this.#screen.mutter(kind === 'error' ? 'red' : 'dim', shown)
    else this.#screen.write(shown)
  }

  #breakLine(): void {
    if (this.#isAtLineStart) return
    this.#isAtLineStart = true
    if (this.#last === 'thinking' || this.#last === 'error') this.#screen.mutter('reset', '\n')
    else this.#screen.write('\n')
  }
}
