import type { Exchange, RequestHeaders } from '@foreman/ollama-client'
import { assertSuccess, type HttpAnswer, jsonOf } from './http-answer.ts'
import { IdleTimeout } from './idle-timeout.ts'
import { pause, withRetries } from './retry.ts'

export interface RequesterOptions {
  /** Pause before a lost connection is opened again. It grows from one failure to the next. */
  readonly pauseMs: number
  /** A connection on which no bytes arrive for this long counts as lost. */
  readonly idleTimeoutMs: number
}

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers?: RequestHeaders
  readonly body?: Buffer
  readonly signal?: AbortSignal | undefined
}

/** Sends requests to foreman: once, or again until foreman answers. */
export class Requester {
  readonly #open: (request: HttpRequest) => Promise<Exchange>
  readonly #options: RequesterOptions

  constructor(open: (request: HttpRequest) => Promise<Exchange>, options: RequesterOptions) {
    this.#open = open
    this.#options = options
  }

  /**
   * Sends a request once.
   * @returns the JSON of the answer
   */
  async once<T>(request: HttpRequest): Promise<T> {
    const answer = await this.#open(request)
    await assertSuccess(answer)
    return jsonOf<T>(answer)
  }

  /**
   * Sends a request, and sends it again for as long as it fails with a transient error.
   * @param read reads the answer; if the connection breaks off while it reads, the request is sent again
   */
  untilAnswered<T>(request: HttpRequest, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    const { pauseMs } = this.#options
    return withRetries(async () => read(await this.#answerTo(request)), { pauseMs, signal: request.signal })
  }

  pause(signal: AbortSignal | undefined): Promise<void> {
    return pause(this.#options.pauseMs, signal)
  }

  async #answerTo(request: HttpRequest): Promise<HttpAnswer> {
    const idle = new IdleTimeout(this.#options.idleTimeoutMs)
    const signal = AbortSignal.any([idle.signal, ...(request.signal ? [request.signal] : [])])
    try {
      const { status, headers, body } = await this.#open({ ...request, signal })
      const answer = { status, headers, body: idle.watch(body) }
      await assertSuccess(answer)
      return answer
    } catch (error) {
      idle.stop()
      throw error
    }
  }
}
