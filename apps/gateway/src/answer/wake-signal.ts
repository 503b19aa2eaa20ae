/** Something to wait for that is raised by others, once or often; what was raised meanwhile is not missed. */
export class Signal {
  #raised = false
  #wake: (() => void) | undefined

  readonly raise = (): void => {
    this.#raised = true
    this.#wake?.()
  }

  /** @returns whether it was raised; false: the time was up */
  async next(timeoutMs: number): Promise<boolean> {
    if (!this.#raised) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, timeoutMs)
      await promise
      clearTimeout(timer)
      this.#wake = undefined
    }
    const wasRaised = this.#raised
    this.#raised = false
    return wasRaised
  }
}
