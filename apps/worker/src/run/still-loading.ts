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
  const names = residents.map(({ name }) => canonicalModelName(name) ?? name)
  if (names.includes(modelName)) return false
  const [weights, ...others] = await Promise.all([modelName, ...names].map(name => weightsOf(name, store)))
  return weights === undefined || !others.includes(weights)
}

const weightsOf = async (name: string, { catalogue }: Store): Promise<unknown> =>
  (await catalogue.model(name))?.loading?.['weights']
