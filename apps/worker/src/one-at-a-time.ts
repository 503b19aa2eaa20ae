/**
 * Does something again and again, one at a time. Whoever asks for it while it is being done gets it done once more: what
 * happened meanwhile may have come too late for it.
 */
export class OneAtATime {
  readonly #act: () => Promise<void>
  #going: Promise<void> | undefined
  #isAskedAgain = false

  /** @param act does it. It must not reject */
  constructor(act: () => Promise<void>) {
    this.#act = act
  }

  /** Resolves when it has been done, from its beginning to its end, after this call. */
  ask(): Promise<void> {
    this.#isAskedAgain = true
    this.#going ??= this.#goOn()
    return this.#going
  }

  async #goOn(): Promise<void> {
    // Whoever asks within `act` itself finds that it is being done.
    await Promise.resolve()
    while (this.#isAskedAgain) {
      this.#isAskedAgain = false
      await this.#act()
    }
    this.#going = undefined
  }
}
