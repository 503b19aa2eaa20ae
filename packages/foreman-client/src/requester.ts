import type { Exchange, RequestHeaders } from '@foreman/ollama-client'
import { type Answer, demandSuccess, jsonOf } from './http-answer.ts'
import { Silence } from './idle-timeout.ts'
import { patiently, pause } from './retry.ts'

export interface WireOptions {
  /** Before a lost connection is made again; longer each time that fails. */
  readonly pauseMs: number
  /** What says nothing for so long is lost. */
  readonly silenceMs: number
}

export interface Question {
  readonly method: string
  readonly path: string
  readonly headers?: RequestHeaders
  readonly body?: Buffer
  readonly signal?: AbortSignal | undefined
}

/** How foreman is asked: once, or until it answers. */
export class Wire {
  readonly #open: (question: Question) => Promise<Exchange>
  readonly #options: WireOptions

  constructor(open: (question: Question) => Promise<Exchange>, options: WireOptions) {
    this.#open = open
    this.#options = options
  }

  /** Asks once. @returns what the answer's JSON says */
  async ask<T>(question: Question): Promise<T> {
    const answer = await this.#open(question)
    await demandSuccess(answer)
    return jsonOf<T>(answer)
  }

  /** Asks, and again while it fails for a reason that passes. A connection on which nothing comes is given up. */
  keepAsking<T>(question: Question, read: (answer: Answer) => Promise<T>): Promise<T> {
    const { pauseMs } = this.#options
    return patiently(async () => read(await this.#answerTo(question)), { pauseMs, signal: question.signal })
  }

  pause(signal: AbortSignal | undefined): Promise<void> {
    return pause(this.#options.pauseMs, signal)
  }

  async #answerTo(question: Question): Promise<Answer> {
    const silence = new Silence(this.#options.silenceMs)
    const signal = AbortSignal.any([silence.signal, ...(question.signal ? [question.signal] : [])])
    try {
      const { status, headers, body } = await this.#open({ ...question, signal })
      const answer = { status, headers, body: silence.within(body) }
      await demandSuccess(answer)
      return answer
    } catch (error) {
      silence.end()
      throw error
    }
  }
}
