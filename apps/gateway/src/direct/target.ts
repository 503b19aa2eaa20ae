import { ConnectionError, type Exchange, type OllamaClient } from '@foreman/ollama-client'
import type { HeaderPairs, Store } from '@foreman/store'
import type { Readable } from 'node:stream'
import { comeAgain } from '../http/refusal.ts'
import type { Logger } from '../logger.ts'

const SHOW_TIMEOUT_MS = 3_000
const SUSPECT_EVERY_MS = 1_000

/** What the target says of a model. `unknown`: it could not be asked. */
export type ModelVerdict = 'known' | 'refused' | 'unknown'

/** The gateway's own, direct way to the target. */
export class Target {
  readonly #client: OllamaClient
  readonly #store: Store
  readonly #logger: Logger
  readonly #now: () => number
  #suspectedAt = 0

  constructor({
    client,
    store,
    logger,
    now,
  }: {
    client: OllamaClient
    store: Store
    logger: Logger
    now: () => number
  }) {
    this.#client = client
    this.#store = store
    this.#logger = logger
    this.#now = now
  }

  /** @throws Refusal with 502 when the target cannot be reached; the signal's reason when aborted */
  async open(
    method: string,
    path: string,
    headers: HeaderPairs,
    body: Buffer | Readable | undefined,
    signal: AbortSignal,
  ): Promise<Exchange> {
    try {
      return await this.#client.open(method, path, headers, body, signal)
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      this.#suspect()
      throw comeAgain(502, 'the Ollama server behind foreman cannot be reached', 5)
    }
  }

  /** Asks the target itself whether it knows a model: one that was pulled a second ago is in no list yet. */
  async verdictOn(model: string): Promise<ModelVerdict> {
    if (this.#store.target.read().state === 'away') return 'unknown'
    const body = Buffer.from(JSON.stringify({ model }))
    try {
      const signal = AbortSignal.timeout(SHOW_TIMEOUT_MS)
      const exchange = await this.#client.open(
        'POST',
        '/api/show',
        [['Content-Type', 'application/json']],
        body,
        signal,
      )
      exchange.body.destroy()
      if (exchange.status === 404 || exchange.status === 400) return 'refused'
      return exchange.status < 300 ? 'known' : 'unknown'
    } catch {
      this.#suspect()
      return 'unknown'
    }
  }

  /** Asks the worker to look, at most once a second. */
  #suspect(): void {
    const now = this.#now()
    if (now - this.#suspectedAt < SUSPECT_EVERY_MS) return
    this.#suspectedAt = now
    try {
      this.#store.target.suspect(now)
    } catch (error) {
      this.#logger.debug({ err: error }, 'the suspicion could not be noted')
    }
  }
}
