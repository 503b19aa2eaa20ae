/** Something to wait for. Others raise it, once or often. A signal that was raised while nobody waited is not missed. */
export class WakeSignal {
  #raised = false
  #wake: (() => void) | undefined

  /** Whether it was raised while nobody waited. */
  get isRaised(): boolean {
    return this.#raised
  }

  readonly raise = (): void => {
    this.#raised = true
    this.#wake?.()
  }

  /** Waits until the signal is raised. @returns false when `timeoutMs` passed first */
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
