/** How one of several things in a drawing is told from the others: by a letter and a colour. */
export interface Look {
  readonly letter: string
  /** The class that colours it. */
  readonly look: string
}

const COLOURS = 8
const LETTERS = 26

/** Gives each thing the look that is next, and the same one as long as the page is open. */
export class Looks {
  readonly #names: string[] = []

  of(name: string): Look {
    if (!this.#names.includes(name)) this.#names.push(name)
    const index = this.#names.indexOf(name)
    const letter = String.fromCharCode(65 + (index % LETTERS))
    const round = Math.floor(index / LETTERS)
    return { letter: round === 0 ? letter : `${letter}${round + 1}`, look: `m${index % COLOURS}` }
  }
}
