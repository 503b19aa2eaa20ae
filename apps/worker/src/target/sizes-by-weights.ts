import { weightsOfModel } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'

/**
 * The sizes of the target's weights files, from its list of models.
 *
 * @param sizes in bytes, by the canonical names of the models
 * @returns in bytes, by weights (`weightsOf`)
 */
export const sizesByWeights = async (
  { catalogue }: Pick<Store, 'catalogue'>,
  sizes: ReadonlyMap<string, number>,
): Promise<Map<string, number>> => {
  const bytes = new Map<string, number>()
  for (const [model, size] of sizes) {
    const { loading } = (await catalogue.model(model)) ?? {}
    bytes.set(weightsOfModel(model, loading), size)
  }
  return bytes
}
