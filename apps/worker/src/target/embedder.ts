import { canonicalModelName, type OllamaClient } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import type { Logger } from '../logger.ts'

const LOAD_TIMEOUT_MS = 5 * 60_000
const FOREVER_SECONDS = -1

export interface EmbedderOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly model: string | undefined
  readonly now: () => number
}

/**
 * Keeps the embedding model in memory, so that embeddings beside the queue need no load. It must not cost the
 * working model its place: when it does, it is let go and not tried again until the target returns.
 */
export class Embedder {
  readonly #options: EmbedderOptions
  #fits = true
  #isMissing = false

  constructor(options: EmbedderOptions) {
    this.#options = options
  }

  /** The target is another, or was restarted: what did not fit may fit now. */
  reset(): void {
    this.#setFits(true)
  }

  /** What the target has in memory has been seen. */
  observe(resident: readonly string[]): void {
    const { model } = this.#options
    this.#isMissing = model !== undefined && !resident.some(name => isSame(name, model))
  }

  /** Whether it should be loaded as soon as nothing else runs. */
  get isDue(): boolean {
    return this.#isMissing && this.#fits
  }

  /** Loads it to stay. Only while no job runs: a load in between would hold that job up. */
  async pin(): Promise<void> {
    const { client, logger, model } = this.#options
    if (model === undefined) return
    this.#isMissing = false
    try {
      const signal = AbortSignal.timeout(LOAD_TIMEOUT_MS)
      const before = await this.#residents(signal)
      await client.embed({ model, input: '', keep_alive: FOREVER_SECONDS }, { signal })
      const after = await this.#residents(signal)
      const now = this.#options.now()
      const evicted = before.filter(({ name, expiresAt }) => {
        const isStillDue = expiresAt > now && !isSame(name, model)
        return isStillDue && !after.some(resident => isSame(resident.name, name))
      })
      if (evicted.length === 0) return
      logger.warn(
        { model, evicted: evicted.map(({ name }) => name) },
        'the embedder does not fit beside the working model',
      )
      this.#setFits(false)
      await client.unload(model, { signal })
    } catch (error) {
      logger.warn({ err: error, model }, 'the embedder could not be loaded')
    }
  }

  async #residents(signal: AbortSignal): Promise<{ name: string; expiresAt: number }[]> {
    const { models } = await this.#options.client.ps({ signal })
    return models.map(({ name, expires_at: expiresAt }) => ({ name, expiresAt: Date.parse(expiresAt) }))
  }

  #setFits(fits: boolean): void {
    this.#fits = fits
    const { store, logger } = this.#options
    try {
      store.target.note({ embedderDoesNotFit: !fits })
    } catch (error) {
      logger.warn({ err: error }, 'whether the embedder fits could not be noted')
    }
  }
}

const isSame = (a: string, b: string): boolean => canonicalModelName(a) === canonicalModelName(b)
