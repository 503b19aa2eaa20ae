import { canonicalModelName, isCloudModel } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import type { Target } from '../direct/target.ts'

/**
 * Where a model runs. `local`: the target runs it itself. `remote`: the target forwards requests for it to another
 * server. `refused`: nowhere, because the target says that it does not have the model.
 */
export type ModelPlace = 'local' | 'remote' | 'refused'

export interface ModelPlaceOptions {
  readonly store: Pick<Store, 'catalogue'>
  readonly target: Pick<Target, 'refusesModel'>
}

/** Looks a model up in the catalogue, and asks the target about one that is not there. When in doubt, it is local. */
export const placeOfModel = async (
  model: string,
  { store, target }: ModelPlaceOptions,
): Promise<ModelPlace> => {
  if (isCloudModel(model)) return 'remote'
  const name = canonicalModelName(model)
  const known = name === undefined ? undefined : store.catalogue.model(name)
  if (known) return known.remote ? 'remote' : 'local'
  return (await target.refusesModel(model)) ? 'refused' : 'local'
}
