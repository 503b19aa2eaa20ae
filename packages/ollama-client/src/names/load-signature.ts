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
}

/**
 * Makes one string of everything that can decide whether a resident model serves a request: the weights, and what the request or
 * else the Modelfile says of num_ctx, num_batch, num_gpu, main_gpu, use_mmap, num_thread, draft_num_predict and shift. Between
 * requests with equal signatures, Ollama does not load the model again. Between others it may: which defaults and which limits
 * count as the same value differs between its versions and machines. Options that only change the sampling are no part of it. A
 * value of the wrong type counts as absent, because Ollama refuses such a request anyway.
 *
 * @example
 * loadSignature({ model: 'llama3', options: { num_ctx: 8192 } }) // 'registry.ollama.ai/library/llama3:latest|num_ctx=8192'
 */
export const loadSignature = (request: LoadRequest): string => {
  const { model, options, parameters, weights } = request
  const shift = asBoolean(request.shift)
  let signature =
    weights ?? canonicalModelName(model) ?? model.trim().toLowerCase().replaceAll(SEPARATOR, ' ')
  // A string that grows: this runs for each job, and most have none of the options.
  for (const [name, read] of LOAD_OPTIONS) {
    const value = read(options?.[name]) ?? read(parameters?.[name])
    if (value !== undefined) signature += `${SEPARATOR}${name}=${value}`
  }
  return shift === undefined ? signature : `${signature}${SEPARATOR}shift=${shift}`
}

/** What requests with this signature have in common with all others that may share a runner: the weights, or the model's name. */
export const weightsOf = (signature: string): string => signature.split(SEPARATOR, 1)[0]!

const SEPARATOR = '|'

const asInteger = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : undefined

const asBoolean = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined)

/** How Ollama reads each of them. */
const LOAD_OPTIONS = [
  ['num_ctx', asInteger],
  ['num_batch', asInteger],
  ['num_gpu', asInteger],
  ['main_gpu', asInteger],
  ['use_mmap', asBoolean],
  ['num_thread', asInteger],
  ['draft_num_predict', asInteger],
] as const

/** Ollama refuses any other value, so nothing of it need be stored. */
const isScalar = (value: unknown): value is boolean | number | string =>
  typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string'

/** The part of a request that goes into its load signature. The rest of the signature comes from the model. */
export const loadOptionsOf = (
  request: Pick<LoadRequest, 'options' | 'shift'>,
): Pick<LoadRequest, 'options' | 'shift'> => {
  const given = LOAD_OPTIONS.map(([name]) => name).filter(name => isScalar(request.options?.[name]))
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
}

/** The part of a reply of `/api/show` that says how a model loads. */
export type ShownModel = Partial<Pick<ShowReply, 'modelfile' | 'parameters'>>

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

/** What all groups of a model have in common (`weightsOf`), whatever load options its requests have. */
export const weightsOfModel = (model: string, loading: GroupedRequest['loading']): string =>
  weightsOf(loadSignature({ model, ...loading }))

/** Reads a ModelLoading from the reply of `/api/show`. */
export const modelLoading = (show: ShownModel): ModelLoading => {
  const weights = show.modelfile === undefined ? undefined : modelfileWeights(show.modelfile)
  const { options = {} } = loadOptionsOf({ options: modelfileParameters(show.parameters ?? '') })
  return {
    ...(weights === undefined ? {} : { weights }),
    ...(Object.keys(options).length === 0 ? {} : { parameters: options }),
  }
}
