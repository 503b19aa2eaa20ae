import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Questions } from './questions.ts'

/** Nobody who has not asked for so long is still looking. */
const IDLE_MS = 60_000
const ANSWER_TIMEOUT_MS = 10_000

export interface Asked {
  readonly id: number
  readonly question: keyof Questions
  readonly argument: unknown
}

export type Answered =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }

export interface ReaderOptions {
  /** What the store was opened by. */
  readonly location: string
  readonly idleMs?: number
}

type Settle = (answered: Answered | Error) => void

/**
 * Asks a thread that has the queue open for reading. What an operator looks at costs so nothing on the path of a request. The
 * thread comes with the first question, and goes when nobody has asked for a minute.
 */
export class QueueReader {
  readonly #options: ReaderOptions
  readonly #waiting = new Map<number, Settle>()
  #worker: Worker | undefined
  #idleTimer: NodeJS.Timeout | undefined
  #lastId = 0
  #isClosed = false

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** Whether there is a thread. */
  get isReading(): boolean {
    return this.#worker !== undefined
  }

  /** @throws Error when the queue cannot be read, or the answer takes too long */
  async ask<Q extends keyof Questions>(
    question: Q,
    ...[argument]: Parameters<Questions[Q]>
  ): Promise<Awaited<ReturnType<Questions[Q]>>> {
    if (this.#isClosed) throw new Error('the gateway is being stopped')
    const worker = (this.#worker ??= this.#start())
    clearTimeout(this.#idleTimer)
    const id = ++this.#lastId
    const answered = await new Promise<Answered>((resolve, reject) => {
      const timer = setTimeout(
        () => settle(new Error('the queue could not be read in time')),
        ANSWER_TIMEOUT_MS,
      )
      const settle: Settle = outcome => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        if (this.#waiting.size === 0) this.#endLater()
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      this.#waiting.set(id, settle)
      worker.postMessage({ id, question, argument } satisfies Asked)
    })
    if ('error' in answered) throw new Error(answered.error)
    return answered.value as Awaited<ReturnType<Questions[Q]>>
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#end()
  }

  #start(): Worker {
    const worker = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), {
      workerData: { location: this.#options.location },
      execArgv: ['-C', '@foreman/source'],
    })
    worker.unref()
    worker.on('message', (answered: Answered) => this.#waiting.get(answered.id)?.(answered))
    worker.on('error', error => this.#gone(worker, error))
    worker.on('exit', () => this.#gone(worker, new Error('the thread that reads the queue has ended')))
    return worker
  }

  #gone(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const cause = error instanceof Error ? error : new Error(String(error))
    for (const settle of this.#waiting.values()) settle(cause)
    clearTimeout(this.#idleTimer)
  }

  #endLater(): void {
    this.#idleTimer = setTimeout(() => void this.#end(), this.#options.idleMs ?? IDLE_MS).unref()
  }

  async #end(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    this.#gone(worker, new Error('the gateway is being stopped'))
    const gone = new Promise<void>(resolve => void worker.once('exit', () => resolve()))
    worker.postMessage('close')
    await gone
  }
}
