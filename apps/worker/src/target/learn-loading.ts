import { modelLoading, type OllamaClient } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { ModelRow, Store } from '@foreman/store'
import { shownModel } from './answers.ts'
import { askWell, timeLimit } from './ask.ts'

export interface LearnLoadingOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly stopped: AbortSignal
  /** Called when more is known about how this model loads. */
  readonly onModel: (name: string) => Promise<void>
}

/**
 * Asks `/api/show` once for each manifest, and again for another version of the target, for what decides about its loads
 * (weights, parameters, family) and for what it can do. Call it after each poll: a model that could not be asked about is
 * asked about again.
 */
export class LoadingLearner {
  readonly #options: LearnLoadingOptions
  #isLearning = false

  constructor(options: LearnLoadingOptions) {
    this.#options = options
  }

  /** Does nothing while an earlier call is still asking. Never rejects. */
  async learn(): Promise<void> {
    if (this.#isLearning) return
    this.#isLearning = true
    const { store, logger, stopped } = this.#options
    try {
      for (const model of await store.catalogue.unasked()) {
        if (stopped.aborted) break
        if (!model.remote && model.digest !== '') await this.#learnAbout(model)
      }
    } catch (error) {
      logger.error({ err: error }, 'the models to ask about could not be read')
    } finally {
      this.#isLearning = false
    }
  }

  async #learnAbout({ name, digest }: ModelRow): Promise<void> {
    const { client, store, logger, stopped, onModel } = this.#options
    try {
      // Another name of this manifest may have been asked about a moment ago.
      const known = await store.catalogue.model(name)
      if (!known?.loading?.['capabilities']) {
        const question = { path: '/api/show', request: { model: name }, signal: timeLimit(stopped) }
        const shown = shownModel((await askWell(client, question)).body)
        if (!shown) throw new Error('the answer to /api/show is no object')
        const { capabilities } = shown
        await store.catalogue.noteLoading(digest, { ...modelLoading(shown), capabilities })
      }
      await onModel(name)
    } catch (error) {
      logger.debug({ err: error, model: name }, 'how this model loads could not be learnt')
    }
  }
}
