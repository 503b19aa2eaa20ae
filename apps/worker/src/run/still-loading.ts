import { canonicalModelName, type OllamaClient } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import { askResidents } from '../target/answers.ts'

const TIMEOUT_MS = 2_000

/**
 * Whether the target has yet to load a model: neither the model nor another name of its weights is in memory.
 *
 * @throws when the target does not say
 */
export const isStillLoading = async (
  modelName: string,
  { client, store }: { client: OllamaClient; store: Store },
): Promise<boolean> => {
  const residents = await askResidents(client, AbortSignal.timeout(TIMEOUT_MS))
  return !residents.some(({ name }) => {
    const resident = canonicalModelName(name) ?? name
    return resident === modelName || shareWeights(resident, modelName, store)
  })
}

const shareWeights = (a: string, b: string, { catalogue }: Store): boolean => {
  const weights = catalogue.model(a)?.loading?.['weights']
  return weights !== undefined && weights === catalogue.model(b)?.loading?.['weights']
}
