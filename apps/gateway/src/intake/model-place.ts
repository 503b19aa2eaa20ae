import { canonicalModelName, capabilitiesIn, isCloudModel } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import type { Target } from '../direct/target.ts'

/**
 * Where a model runs. `local`: the target runs it itself. `remote`: the target forwards requests for it to another
 * server. `refused`: nowhere, because the target says that it does not have the model.
 */
export type ModelPlace = 'local' | 'remote' | 'refused'

/** What foreman knows about a model. */
export interface ModelFacts {
  readonly place: ModelPlace
  /** What the model could do when the worker last asked. Empty: it is not known. */
  readonly capabilities: readonly string[]
}

export interface ModelPlaceOptions {
  readonly store: Pick<Store, 'catalogue'>
  readonly target: Pick<Target, 'refusesModel'>
}

/** Looks a model up in the catalogue, and asks the target about one that is not there. When in doubt, it is local. */
export const factsOfModel = async (
  model: string,
  { store, target }: ModelPlaceOptions,
): Promise<ModelFacts> =>
  (await listedModel(model, store)) ?? {
    place: (await target.refusesModel(model)) ? 'refused' : 'local',
    capabilities: [],
  }

/** Looks a model up without asking the target. Undefined: the last poll did not list it. */
export const listedModel = async (
  model: string,
  { catalogue }: Pick<Store, 'catalogue'>,
): Promise<ModelFacts | undefined> => {
  if (isCloudModel(model)) return { place: 'remote', capabilities: [] }
  const name = canonicalModelName(model)
  const row = name === undefined ? undefined : await catalogue.model(name)
  const capabilities = capabilitiesIn(row?.loading?.['capabilities'])
  return row && { place: row.remote ? 'remote' : 'local', capabilities }
}
