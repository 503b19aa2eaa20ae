import { canonicalModelName, type OllamaClient, type ShownModel } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { ModelRow } from '@foreman/store'
import { askOrSkip } from './ask.ts'

type Fields = Readonly<Record<string, unknown>>

/** A model in the target's memory. */
export interface Resident {
  readonly name: string
  /** In milliseconds since the epoch; NaN when the target does not say. */
  readonly expiresAt: number
}

export type PolledModel = Omit<ModelRow, 'loading'>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textIn = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

/** The JSON object in an answer of the target; undefined when it is something else. */
export const objectIn = (body: Buffer): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * The models that `/api/tags` or `/api/ps` lists, without entries that have no name.
 *
 * @returns undefined when the answer is no list of models
 */
const modelsIn = (body: Buffer): readonly Fields[] | undefined => {
  const answer = objectIn(body)
  // Some versions send `null` for an empty list.
  const models = answer?.['models'] ?? []
  if (!answer || !Array.isArray(models)) return undefined
  return models.filter(isObject).filter(model => textIn(model, 'name') !== '')
}

/** The installed models in an answer to `/api/tags`; undefined when it is no list of models. */
export const installedModels = (body: Buffer): readonly PolledModel[] | undefined => {
  const rows = new Map<string, PolledModel>()
  const models = modelsIn(body)
  for (const model of models ?? []) {
    const name = canonicalModelName(textIn(model, 'name'))
    if (name !== undefined && name !== '')
      rows.set(name, { name, digest: textIn(model, 'digest'), remote: Boolean(model['remote_host']) })
  }
  return models && [...rows.values()]
}

/**
 * What of an answer to `/api/show` decides about loads. Fields of another type are left out.
 *
 * @returns undefined when the answer is no object
 */
export const shownModel = (body: Buffer): ShownModel | undefined => {
  const answer = objectIn(body)
  if (!answer) return undefined
  const { details, model_info: info } = answer
  return {
    modelfile: textIn(answer, 'modelfile'),
    parameters: textIn(answer, 'parameters'),
    details: { family: isObject(details) ? textIn(details, 'family') : '' },
    model_info: isObject(info) ? info : {},
  }
}

/**
 * Asks for the models in the target's memory. There is none in an answer that is no list of models, or is too long.
 *
 * @throws when the target does not answer, or answers with an error
 */
export const askResidents = async (
  client: OllamaClient,
  logger: Logger,
  signal: AbortSignal,
): Promise<Resident[]> => {
  const answer = await askOrSkip(client, { path: '/api/ps', signal }, logger)
  const models = answer && modelsIn(answer.body)
  if (answer && !models) logger.warn("the target's answer to /api/ps is no list of models")
  return (models ?? []).map(model => ({
    name: textIn(model, 'name'),
    expiresAt: Date.parse(textIn(model, 'expires_at')),
  }))
}
