/** How a model is told from others: by a letter and a colour. */
export interface ModelLook {
  readonly letter: string
  /** The class that colours it. */
  readonly look: string
}

const COLOURS = 8
const LETTERS = 26

/** Gives each model the look that is next, and the same one as long as the page is open. */
export class ModelLooks {
  readonly #models: string[] = []

  of(model: string): ModelLook {
    if (!this.#models.includes(model)) this.#models.push(model)
    const index = this.#models.indexOf(model)
    const letter = String.fromCharCode(65 + (index % LETTERS))
    const round = Math.floor(index / LETTERS)
    return { letter: round === 0 ? letter : `${letter}${round + 1}`, look: `m${index % COLOURS}` }
  }
}
