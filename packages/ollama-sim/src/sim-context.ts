import type { Clock } from './clock.ts'
import type { Pace } from './inference.ts'
import type { Model } from './model/catalogue.ts'
import type { SimVersion } from './scheduler/load-options.ts'
import type { Scheduler } from './scheduler/scheduler.ts'
import { modelKey, parseModelName } from './wire/names.ts'
import { Refusal } from './wire/refusal.ts'

/** What every route works with. */
export interface SimContext {
  scheduler: Scheduler
  clock: Clock
  pace: Pace
  /** By `modelKey`. */
  models: ReadonlyMap<string, Model>
  version: SimVersion
}

/** Installed models by the key of their full name. */
export const indexModels = (models: readonly Model[]): Map<string, Model> =>
  new Map(models.map(model => [modelKey(parseModelName(model.name)), model]))

/** The installed model of that name, in any spelling. */
export const findModel = ({ models }: SimContext, name: string): Model | undefined => {
  const parsed = parseModelName(name)
  return parsed.valid ? models.get(modelKey(parsed)) : undefined
}

/** Throws Ollama's refusal of a name that is none, and of a model of the cloud, without which it is run here. */
export const checkName = (name: string): void => {
  const { valid, cloud } = parseModelName(name)
  if (!valid) throw new Refusal(400, 'invalid model name')
  if (cloud) {
    throw new Refusal(403, 'ollama cloud is disabled: remote model is unavailable')
  }
}

/**
 * The installed model that a request must name.
 *
 * @throws Refusal with the words of Ollama when the name is missing or bad, or no such model is installed
 */
export const requireModel = (context: SimContext, name: string): Model => {
  if (name === '') throw new Refusal(400, 'model is required')
  checkName(name)
  const model = findModel(context, name)
  if (model === undefined) throw new Refusal(404, `model '${name}' not found`)
  return model
}
