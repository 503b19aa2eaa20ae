import {
  capabilitiesIn,
  ConnectionError,
  type Exchange,
  jsonFieldsInSteps,
  type OllamaClient,
  ollamaErrorMessage,
  readUpTo,
  RedirectError,
  unpackAnswer,
} from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { HeaderPairs, Store } from '@foreman/store'
import type { Readable } from 'node:stream'
import type { RelayedHead } from '../http/headers.ts'
import { Refusal, retryLater } from '../http/refusal.ts'
import { inSlices } from '../http/slices.ts'

const SHOW_TIMEOUT_MS = 3_000
/** Ollama refuses a request within milliseconds, before it loads anything. */
const REFUSAL_TIMEOUT_MS = 3_000
const SUSPECT_EVERY_MS = 1_000
/** What is shown of a model can be long: its licence, its template, its vocabulary. */
const MAX_SHOW_BYTES = 16 * 1024 * 1024
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

/** An error of the target's own, whole. */
export interface TargetRefusal extends RelayedHead {
  readonly body: Buffer
  readonly message: string
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
    if ((await this.#options.store.target.read()).state === 'away') return false
    try {
      const exchange = unpackAnswer(await this.#show(model))
      // A proxy that does not let the question through knows nothing of models.
      if (exchange.status === 404 || exchange.status === 400) return (await refusalIn(exchange)) !== undefined
      exchange.body.destroy()
      return false
    } catch {
      this.#suspect()
      return false
    }
  }

  /** What the target says now that a model can do. Empty when it does not say, or cannot be asked. */
  async capabilitiesOf(model: string): Promise<readonly string[]> {
    try {
      const exchange = unpackAnswer(await this.#show(model))
      const body = await readUpTo(MAX_SHOW_BYTES, exchange.body)
      if (exchange.status !== 200 || !body) return []
      let capabilities: readonly string[] = []
      const read = (_name: string, value: Buffer) =>
        (capabilities = capabilitiesIn(JSON.parse(value.toString())))
      await inSlices(jsonFieldsInSteps(body, ['capabilities'], read))
      return capabilities
    } catch {
      this.#suspect()
      return []
    }
  }

  /**
   * Sends a request that the target is expected to refuse at once. If it does not, the connection is closed.
   *
   * @param statuses the statuses with which it may refuse the request
   * @returns undefined when the target does something else, or cannot be reached
   * @throws the reason of the signal when that aborts
   */
  async refusal(
    { method, path, headers, body, signal }: TargetRequest,
    statuses: readonly number[],
  ): Promise<TargetRefusal | undefined> {
    const { logger } = this.#options
    const limited = AbortSignal.any([signal, AbortSignal.timeout(REFUSAL_TIMEOUT_MS)])
    try {
      const exchange = unpackAnswer(await this.open({ method, path, headers, body, signal: limited }))
      const refusal = statuses.includes(exchange.status) ? await refusalIn(exchange) : undefined
      exchange.body.destroy()
      if (refusal) return refusal
      logger.debug({ path, status: exchange.status }, 'the target does not refuse what it was expected to')
    } catch (error) {
      signal.throwIfAborted()
      logger.debug({ err: error, path }, 'the target did not refuse at once what it was expected to')
    }
    return undefined
  }

  #show(model: string): Promise<Exchange> {
    const headers = [['Content-Type', 'application/json']] as const
    const body = Buffer.from(JSON.stringify({ model }))
    const signal = AbortSignal.timeout(SHOW_TIMEOUT_MS)
    return this.#options.client.open('POST', '/api/show', headers, body, signal)
  }

  /** Asks the worker, at most once a second, to check whether the target is away. */
  #suspect(): void {
    const { store, logger, now } = this.#options
    const at = performance.now()
    if (at - this.#askedAt < SUSPECT_EVERY_MS) return
    this.#askedAt = at
    const failed = (error: unknown) =>
      logger.debug({ err: error }, 'could not ask the worker to check the target')
    store.target.suspect(now()).catch(failed)
  }
}

/** Undefined for an error in other words than Ollama's, such as the page of a proxy. */
const refusalIn = async (exchange: Exchange): Promise<TargetRefusal | undefined> => {
  const body = await readUpTo(MAX_REFUSAL_BYTES, exchange.body)
  const message = body && ollamaErrorMessage(body)
  return body && message !== undefined ? { ...exchange, body, message } : undefined
}
