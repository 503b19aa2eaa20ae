import { goJson } from '../go/encode.ts'
import type { Reply } from '../reply.ts'

const SSE = 'text/event-stream'

/** Server-sent events as Ollama writes them: each in a chunk of its own. */
export class EventStream {
  readonly #reply: Reply
  readonly #headers: Record<string, string>

  constructor(reply: Reply, headers: Record<string, string> = {}) {
    this.#reply = reply
    this.#headers = headers
  }

  /** Events that belong together leave together, in one chunk. */
  data(...values: unknown[]): boolean {
    return this.#send(
      values.map(value => `data: ${typeof value === 'string' ? value : goJson(value)}\n\n`).join(''),
    )
  }

  event(name: string, value: unknown): boolean {
    return this.#send(`event: ${name}\ndata: ${goJson(value)}\n\n`)
  }

  brokenLine(): void {
    this.#send('data: {"id":\n\n')
  }

  #send(text: string): boolean {
    return this.#reply.chunk(text, SSE, 200, this.#headers)
  }
}
