import { canonicalModelName, isCloudModel } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import type { Target } from '../direct/target.ts'

/** Where a model runs. `refused`: the target says that it does not know it. */
export type ModelPlace = 'here' | 'elsewhere' | 'refused'

/** While the target cannot be asked, a model counts as its own. */
export const placeOf = async (
  model: string,
  { store, target }: { readonly store: Store; readonly target: Target },
): Promise<ModelPlace> => {
  if (isCloudModel(model)) return 'elsewhere'
  const name = canonicalModelName(model)
  const known = name === undefined ? undefined : store.catalogue.model(name)
  if (known) return known.remote ? 'elsewhere' : 'here'
  return (await target.verdictOn(model)) === 'refused' ? 'refused' : 'here'
}
