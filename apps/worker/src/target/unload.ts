import { canonicalModelName, type OllamaClient, weightsOfModel } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import { askResidents } from './answers.ts'
import { askWell, timeLimit } from './ask.ts'

export interface UnloadOptions {
  readonly client: OllamaClient
  readonly store: Pick<Store, 'catalogue'>
}

/**
 * Unloads models from the target's memory. What others have loaded stays.
 *
 * @param weights those that have to leave, by `weightsOf`
 * @throws when the target does not say what is in its memory, or does not unload it
 */
export const unloadModels = async (
  weights: ReadonlySet<string>,
  { client, store }: UnloadOptions,
): Promise<void> => {
  const { signal } = new AbortController()
  for (const { name } of await askResidents(client, timeLimit(signal))) {
    const canonical = canonicalModelName(name) ?? name
    const { loading } = (await store.catalogue.model(canonical)) ?? {}
    if (!weights.has(weightsOfModel(canonical, loading)) && !weights.has(canonical)) continue
    await unloadModel(name, client, signal)
  }
}

/** @throws when the target does not unload it */
export const unloadModel = async (
  model: string,
  client: OllamaClient,
  signal: AbortSignal,
): Promise<void> => {
  const request = { model, stream: false, keep_alive: 0 }
  await askWell(client, { path: '/api/generate', request, signal: timeLimit(signal) })
}
