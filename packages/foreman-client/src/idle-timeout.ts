import { ConnectionError } from '@foreman/ollama-client'
import type { Readable } from 'node:stream'

/** Gives up a connection on which nothing comes: one that nobody has closed may be dead all the same. */
export class Silence {
  readonly #controller = new AbortController()
  readonly #limitMs: number
  #timer: NodeJS.Timeout | undefined

  /** Counts from now on. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
    this.#count()
  }

  /** Aborted with a ConnectionError. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  /** The chunks of a body; what the reader takes its time for is not silence. */
  async *within(body: Readable): AsyncGenerator<Buffer, void> {
    try {
      this.#count()
      for await (const chunk of body) {
        this.end()
        yield chunk as Buffer
        this.#count()
      }
    } finally {
      this.end()
    }
  }

  #count(): void {
    this.end()
    this.#timer = setTimeout(() => {
      const message = `nothing came for ${this.#limitMs} ms`
      this.#controller.abort(new ConnectionError(message, { connected: true, anyByte: false }))
    }, this.#limitMs)
  }
}
