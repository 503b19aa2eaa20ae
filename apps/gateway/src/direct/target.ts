import {
  ConnectionError,
  type Exchange,
  type OllamaClient,
  ollamaErrorMessage,
  RedirectError,
  unpackAnswer,
} from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { HeaderPairs, Store } from '@foreman/store'
import type { Readable } from 'node:stream'
import { Refusal, retryLater } from '../http/refusal.ts'

const SHOW_TIMEOUT_MS = 3_000
const SUSPECT_EVERY_MS = 1_000
const MAX_REFUSAL_BYTES = 64 * 1024

export interface TargetOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

export interface TargetRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: HeaderPairs
  readonly body: Buffer | Readable | undefined
  readonly signal: AbortSignal
}

/** The gateway's direct connection to the target. */
export class Target {
  readonly #options: TargetOptions
  /** When it was asked last, on a clock that nobody sets. */
  #askedAt = -Infinity

  constructor(options: TargetOptions) {
    this.#options = options
  }

  /**
   * @throws Refusal with 502 when the target cannot be reached, or redirects to another server
   * @throws the reason of the signal when that aborts
   */
  async open({ method, path, headers, body, signal }: TargetRequest): Promise<Exchange> {
    try {
      return await this.#options.client.openToRelay(method, path, headers, body, signal)
    } catch (error) {
      if (error instanceof RedirectError) {
        this.#options.logger.warn({ err: error }, 'a redirect of the target leads to another server')
        throw new Refusal(502, 'the Ollama server behind foreman redirects to another server')
      }
      if (!(error instanceof ConnectionError)) throw error
      this.#suspect()
      throw retryLater(502, 'the Ollama server behind foreman cannot be reached', 5)
    }
  }

  /**
   * Whether the target says that it does not have a model. It is asked each time, because a model that was pulled a
   * second ago is in no list yet. False when it cannot be asked.
   */
  async refusesModel(model: string): Promise<boolean> {
    const { client, store } = this.#options
    if (store.target.read().state === 'away') return false
    const headers = [['Content-Type', 'application/json']] as const
    const body = Buffer.from(JSON.stringify({ model }))
    try {
      const signal = AbortSignal.timeout(SHOW_TIMEOUT_MS)
      const exchange = await client.open('POST', '/api/show', headers, body, signal)
      const refuses = exchange.status === 404 || exchange.status === 400
      // A proxy that does not let the question through knows nothing of models.
      if (refuses) return ollamaErrorMessage(await firstBytes(unpackAnswer(exchange).body)) !== undefined
      exchange.body.destroy()
      return false
    } catch {
      this.#suspect()
      return false
    }
  }

  /** Asks the worker, at most once a second, to check whether the target is away. */
  #suspect(): void {
    const { store, logger, now } = this.#options
    const at = performance.now()
    if (at - this.#askedAt < SUSPECT_EVERY_MS) return
    this.#askedAt = at
    try {
      store.target.suspect(now())
    } catch (error) {
      logger.debug({ err: error }, 'could not ask the worker to check the target')
    }
  }
}

const firstBytes = async (body: AsyncIterable<Buffer>): Promise<Buffer> => {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    pieces.push(piece)
    bytes += piece.byteLength
    // Leaving the loop destroys the body.
    if (bytes > MAX_REFUSAL_BYTES) break
  }
  return Buffer.concat(pieces)
}
