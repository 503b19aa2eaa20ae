import type { ShowReply } from '../types.ts'
import { canonicalModelName } from './model-name.ts'
import { modelfileParameters, modelfileWeights } from './modelfile.ts'

export interface LoadRequest {
  /** The name as the request spells it. */
  readonly model: string
  /** The request's `options`. Their names are case-sensitive, as in Ollama. */
  readonly options?: Record<string, unknown> | undefined
  /** The request's top-level `shift`. */
  readonly shift?: unknown
  /** The blob digests of the weights, if they are known. Names with the same weights share a runner. */
  readonly weights?: string | undefined
  /** The parameters of the Modelfile. The request's options override them. */
  readonly parameters?: Record<string, unknown> | undefined
  /** `details.family` of the model. It decides what an absent `shift` means. */
  readonly family?: string | undefined
  /** The context length that the model was trained with, in tokens. Ollama loads no longer context. */
  readonly trainedContext?: number | undefined
}

/**
 * Makes one string of everything that decides whether a resident model can serve a request. Between requests with equal
 * signatures, Ollama does not load the model again. Options that only change the sampling are not part of it. A value of the
 * wrong type counts as absent, because Ollama refuses such a request anyway.
 *
 * The parts are those that Ollama's scheduler compares: weights, num_ctx, num_batch, num_gpu, main_gpu, use_mmap, num_thread,
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
  // Models of this family are the only ones that cannot shift their context.
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

/** The part of a request that goes into its load signature. The rest of the signature comes from the model. */
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

/** The part of `/api/show` that goes into the load signature of requests for a model. */
export interface ModelLoading {
  readonly weights?: string
  readonly parameters?: Record<string, unknown>
  readonly family?: string
  readonly trainedContext?: number
}

/** The part of a reply of `/api/show` that says how a model loads. */
export type ShownModel = Partial<Pick<ShowReply, 'modelfile' | 'parameters' | 'model_info'>> & {
  readonly details?: Partial<Pick<ShowReply['details'], 'family'>>
}

/** The fields of a job that decide about its group. */
export interface GroupedRequest {
  /** The model's name as the request spells it. */
  readonly model: string
  /** What `loadOptionsOf` returned for the request, as JSON. */
  readonly loadOptions: string
  /** What the target's `/api/show` says about the model. It is absent until the target has been asked. */
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

/** Reads a ModelLoading from the reply of `/api/show`. */
export const modelLoading = (show: ShownModel): ModelLoading => {
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
