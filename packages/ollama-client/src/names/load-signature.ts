import type { ShowReply } from '../types.ts'
import { canonicalModelName } from './model-name.ts'
import { modelfileParameters, modelfileWeights } from './modelfile.ts'

export interface LoadRequest {
  /** The name as the request has it. */
  model: string
  /** The request's `options`; keys are matched exactly, as Ollama does. */
  options?: Record<string, unknown> | undefined
  /** The request's top-level `shift`. */
  shift?: unknown
  /** What the weights are known by (blob digests), where that is known: names that share them share a runner. */
  weights?: string | undefined
  /** The Modelfile's parameters, which the request's options go over. */
  parameters?: Record<string, unknown> | undefined
  /** `details.family`: decides what an absent `shift` means. */
  family?: string | undefined
  /** The context length the model was trained with, in tokens: Ollama goes no higher. */
  trainedContext?: number | undefined
}

/**
 * What decides whether a resident runner can serve a request, as one stable string: requests with equal
 * signatures follow each other without a reload. Options that only steer sampling never count; a value of the
 * wrong type counts as absent (Ollama refuses such a request anyway).
 *
 * From Ollama's scheduler: weights, then num_ctx, num_batch, num_gpu, main_gpu, use_mmap, num_thread,
 * draft_num_predict and shift.
 *
 * @example
 * loadSignature({ model: 'llama3', options: { num_ctx: 8192 } }) === loadSignature({ model: 'llama3:latest' }) // false
 */
export const loadSignature = (request: LoadRequest): string => {
  const { options, parameters } = request
  const integer = (name: string) => asInteger(options?.[name]) ?? asInteger(parameters?.[name])
  const boolean = (name: string) => asBoolean(options?.[name]) ?? asBoolean(parameters?.[name])

  const context = integer('num_ctx')
  const gpu = integer('num_gpu')
  const mmap = boolean('use_mmap')
  // Only this family cannot shift its context.
  const shift = asBoolean(request.shift) ?? request.family !== 'deepseek2'
  return [
    request.weights ?? canonicalModelName(request.model) ?? request.model.trim().toLowerCase(),
    `ctx=${context === undefined ? 'AUTO' : Math.max(4, Math.min(context, request.trainedContext ?? Infinity))}`,
    `batch=${integer('num_batch') ?? 'AUTO'}`,
    `gpu=${gpu === undefined || gpu < 0 ? 'ANY' : gpu}`,
    `main=${integer('main_gpu') ?? '-'}`,
    `mmap=${mmap === undefined ? '-' : mmap ? 't' : 'f'}`,
    `thr=${integer('num_thread') ?? 0}`,
    `draft=${integer('draft_num_predict') ?? 4}`,
    `shift=${shift ? 1 : 0}`,
  ].join('|')
}

const LOAD_OPTIONS = [
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'use_mmap',
  'num_thread',
  'draft_num_predict',
] as const

/** Ollama refuses any other value, so nothing of it need be stored. */
const isScalar = (value: unknown): value is boolean | number | string =>
  typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string'

/** What of a request decides about a load: with what is known of its model, it makes the signature. */
export const loadOptionsOf = (
  request: Pick<LoadRequest, 'options' | 'shift'>,
): Pick<LoadRequest, 'options' | 'shift'> => {
  const given = LOAD_OPTIONS.filter(name => isScalar(request.options?.[name]))
  return {
    ...(given.length > 0
      ? { options: Object.fromEntries(given.map(name => [name, request.options?.[name]])) }
      : {}),
    ...(isScalar(request.shift) ? { shift: request.shift } : {}),
  }
}

/** What `/api/show` tells of a model that decides about a load. */
export interface ModelLoading {
  weights?: string
  parameters?: Record<string, unknown>
  family?: string
  trainedContext?: number
}

/** A job as far as its group is concerned. */
export interface GroupedRequest {
  /** The model's name as the request has it. */
  readonly model: string
  /** What `loadOptionsOf` returned for the request, as JSON. */
  readonly loadOptions: string
  /** What the target has told about the model, if it has been asked. */
  readonly loading?: ModelLoading | null | undefined
}

/**
 * The group key of a stored request: its load signature. Requests with equal keys need the same loaded model.
 *
 * @throws SyntaxError when `loadOptions` is not JSON
 */
export const groupKeyOf = ({ model, loadOptions, loading }: GroupedRequest): string => {
  const { options, shift }: Pick<LoadRequest, 'options' | 'shift'> = JSON.parse(loadOptions)
  return loadSignature({ model, options, shift, ...loading })
}

/** Reads it from the reply of `/api/show`. */
export const modelLoading = (show: ShowReply): ModelLoading => {
  const weights = show.modelfile === undefined ? undefined : modelfileWeights(show.modelfile)
  const { options = {} } = loadOptionsOf({ options: modelfileParameters(show.parameters ?? '') })
  const info = show.model_info ?? {}
  const architecture = info['general.architecture']
  const trainedContext = info[`${String(architecture)}.context_length`]
  return {
    ...(weights === undefined ? {} : { weights }),
    ...(Object.keys(options).length === 0 ? {} : { parameters: options }),
    ...(show.details?.family ? { family: show.details.family } : {}),
    ...(typeof trainedContext === 'number' ? { trainedContext } : {}),
  }
}

const asInteger = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : undefined

const asBoolean = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined)
