import { ConnectionError } from '@foreman/ollama-client'
import type { Readable } from 'node:stream'

/**
 * Aborts a connection on which no bytes arrive for too long. A connection can be dead although neither end has closed it,
 * for example after the other machine lost its power.
 */
export class IdleTimeout {
  readonly #controller = new AbortController()
  readonly #limitMs: number
  #timer: NodeJS.Timeout | undefined

  /** The time begins to run at once. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
    this.#restart()
  }

  /** Aborts with a ConnectionError when the time is up. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** Yields the chunks of a body. The time only runs while a chunk is awaited, not while the reader works on one. */
  async *watch(body: Readable): AsyncGenerator<Buffer, void> {
    try {
      this.#restart()
      for await (const chunk of body) {
        this.stop()
        yield chunk as Buffer
        this.#restart()
      }
    } finally {
      this.stop()
    }
  }

  #restart(): void {
    this.stop()
    this.#timer = setTimeout(() => {
      const message = `no bytes arrived for ${this.#limitMs} ms`
      this.#controller.abort(new ConnectionError(message, { connected: true, anyByte: false }))
    }, this.#limitMs)
  }
}
