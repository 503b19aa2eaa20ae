import {
  canonicalModelName,
  capabilitiesIn,
  type OllamaClient,
  type ShownModel,
} from '@foreman/ollama-client'
import type { ModelRow } from '@foreman/store'
import { askWell, UnusableAnswerError } from './ask.ts'

type Fields = Readonly<Record<string, unknown>>

/** A model in the target's memory. */
export interface Resident {
  readonly name: string
  /** In milliseconds since the epoch; NaN when the target does not say. */
  readonly expiresAt: number
  /** How much memory it takes. Undefined when the target does not say. */
  readonly bytes: number | undefined
}

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

/** What a list of models brings. */
export interface ModelList<Model> {
  readonly models: readonly Model[]
  /** How many entries of the list were left out because they have no name. */
  readonly nameless: number
}

/** The models that the target has. */
export interface InstalledModels extends ModelList<Omit<ModelRow, 'loading'>> {
  /** The bytes of the files of those whose size it says, by canonical name. */
  readonly sizes: ReadonlyMap<string, number>
}

/** @returns undefined when the answer is no list of models */
const listIn = (body: Buffer): ModelList<Fields> | undefined => {
  const answer = objectIn(body)
  // Some versions send `null` for an empty list.
  const entries = answer?.['models'] ?? []
  if (!answer || !Array.isArray(entries)) return undefined
  const models = entries.filter(isObject).filter(model => textIn(model, 'name') !== '')
  return { models, nameless: entries.length - models.length }
}

/** The installed models in an answer to `/api/tags`; undefined when it is no list of models. */
export const installedModels = (body: Buffer): InstalledModels | undefined => {
  const list = listIn(body)
  if (!list) return undefined
  const rows = new Map<string, Omit<ModelRow, 'loading'>>()
  const sizes = new Map<string, number>()
  for (const model of list.models) {
    const name = canonicalModelName(textIn(model, 'name'))
    if (name === undefined || name === '') continue
    rows.set(name, { name, digest: textIn(model, 'digest'), remote: Boolean(model['remote_host']) })
    if (typeof model['size'] === 'number') sizes.set(name, model['size'])
  }
  return { models: [...rows.values()], sizes, nameless: list.nameless }
}

/** The models in memory in an answer to `/api/ps`; undefined when it is no list of models. */
export const residentModels = (body: Buffer): ModelList<Resident> | undefined => {
  const list = listIn(body)
  return (
    list && {
      ...list,
      models: list.models.map(model => ({
        name: textIn(model, 'name'),
        expiresAt: Date.parse(textIn(model, 'expires_at')),
        bytes: typeof model['size'] === 'number' ? model['size'] : undefined,
      })),
    }
  )
}

/**
 * Picks the fields of an answer to `/api/show` that decide how the model is loaded and what it can do. A field counts as
 * empty when its type is not the one that Ollama sends.
 *
 * @returns undefined when the answer is no object
 */
export const shownModel = (body: Buffer): ShownFacts | undefined => {
  const answer = objectIn(body)
  if (!answer) return undefined
  return {
    modelfile: textIn(answer, 'modelfile'),
    parameters: textIn(answer, 'parameters'),
    capabilities: capabilitiesIn(answer['capabilities']),
  }
}

export interface ShownFacts extends ShownModel {
  /** Empty: the target does not say. */
  readonly capabilities: readonly string[]
}

/**
 * Asks for the models in the target's memory.
 *
 * @throws when the target does not say
 */
export const askResidents = async (
  client: OllamaClient,
  signal: AbortSignal,
): Promise<readonly Resident[]> => {
  const list = residentModels((await askWell(client, { path: '/api/ps', signal })).body)
  if (!list) throw new UnusableAnswerError('its answer to /api/ps is no list of models')
  return list.models
}
