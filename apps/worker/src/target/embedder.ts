import { canonicalModelName, type OllamaClient } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { writeQuietly } from '../persist.ts'
import { askResidents } from './answers.ts'
import { askWell, timeLimit } from './ask.ts'
import { unloadModel } from './unload.ts'

const LOAD_TIMEOUT_MS = 5 * 60_000
const FOREVER_SECONDS = -1

export interface EmbedderOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  /** The embedding model; undefined: none is kept in memory. */
  readonly model: string | undefined
  readonly now: () => number
}

/**
 * Keeps the embedding model in the target's memory, so that embeddings, which bypass the queue, need no load. The
 * model must not push out the one that runs jobs: when loading it evicts another, it is unloaded, and not loaded
 * again until the target has been away.
 */
export class Embedder {
  readonly #options: EmbedderOptions
  #fits = true
  #isMissing = false

  constructor(options: EmbedderOptions) {
    this.#options = options
  }

  /** The target came back. It may have more memory now, so the model may fit. */
  reset(): void {
    this.#setFits(true)
  }

  /** Takes note of the models in the target's memory. Nothing changes when the target does not say. */
  observe(resident: readonly string[] | undefined): void {
    if (!resident) return
    const { model } = this.#options
    this.#isMissing = model !== undefined && !resident.some(name => isSame(name, model))
  }

  /** Whether the model should be loaded as soon as no job runs. */
  get isDue(): boolean {
    return this.#isMissing && this.#fits
  }

  /** The canonical name of the model, if it is kept in memory. */
  get pinned(): readonly string[] {
    const { model } = this.#options
    const name = model === undefined ? undefined : canonicalModelName(model)
    return name === undefined ? [] : [name]
  }

  /** Loads the model without an end to its stay. Call it only while no job runs: a load would hold the job up. */
  async pin(): Promise<void> {
    const { logger, model } = this.#options
    if (model === undefined) return
    this.#isMissing = false
    try {
      await this.#load(model, AbortSignal.timeout(LOAD_TIMEOUT_MS))
    } catch (error) {
      logger.warn({ err: error, model }, 'the embedding model could not be loaded')
    }
  }

  async #load(model: string, signal: AbortSignal): Promise<void> {
    const { client, logger } = this.#options
    const before = await askResidents(client, timeLimit(signal))
    const load = { model, input: '', keep_alive: FOREVER_SECONDS }
    await askWell(client, { path: '/api/embed', request: load, signal })
    const after = await askResidents(client, timeLimit(signal))
    const now = this.#options.now()
    const evicted = before.filter(({ name, expiresAt }) => {
      const wouldHaveStayed = expiresAt > now && !isSame(name, model)
      return wouldHaveStayed && !after.some(resident => isSame(resident.name, name))
    })
    if (evicted.length === 0) return
    logger.warn(
      { model, evicted: evicted.map(({ name }) => name) },
      'the embedding model does not fit beside the model that runs jobs; unloading it',
    )
    this.#setFits(false)
    await unloadModel(model, client, signal)
  }

  #setFits(fits: boolean): void {
    this.#fits = fits
    const { store, logger } = this.#options
    void writeQuietly(
      () => store.target.note({ embedderDoesNotFit: !fits }),
      logger,
      'note whether the embedding model fits',
    )
  }
}

const isSame = (a: string, b: string): boolean => canonicalModelName(a) === canonicalModelName(b)
