/** A browser lays out a paragraph as a whole. Longer ones are divided, so that what comes later moves nothing but the last. */
const BLOCK_CHARACTERS = 8_000

/**
 * A text that grows, in blocks of which only the last one changes: so however long it is, a little more costs a little.
 */
export class TextLog {
  readonly #blocks: string[] = []
  #open = ''
  #characters = 0

  get characters(): number {
    return this.#characters
  }

  get blocks(): readonly string[] {
    return this.#open === '' ? this.#blocks : [...this.#blocks, this.#open]
  }

  append(text: string): void {
    this.#characters += text.length
    this.#open += text
    if (this.#open.length <= BLOCK_CHARACTERS) return
    let from = 0
    while (this.#open.length - from > BLOCK_CHARACTERS) {
      const end = endOfBlock(this.#open, from)
      this.#blocks.push(this.#open.slice(from, end))
      from = end
    }
    this.#open = this.#open.slice(from)
  }

  /** All of it, as it came. */
  text(): string {
    return this.blocks.join('')
  }
}

/** Behind the last line that fits, or else behind the last word; if there is none either, anywhere but within a character. */
const endOfBlock = (text: string, from: number): number => {
  const limit = from + BLOCK_CHARACTERS
  for (const separator of ['\n', ' ']) {
    const at = text.lastIndexOf(separator, limit - 1)
    if (at > from) return at + 1
  }
  const isHalf = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1))
  return isHalf ? limit - 1 : limit
}
