import { CONTEXT_LENGTH } from '../model/catalogue.ts'

/** The versions of Ollama whose ways of reloading a model are known. */
export type SimVersion = '0.24.0' | '0.33.0'

/** The options that a runner is started with; a request with other ones may need another runner. */
export interface LoadOptions {
  /** As asked for; the runner has no more than CONTEXT_LENGTH. */
  numCtx: number
  numBatch: number
  /** Negative: chosen by the server, and satisfied with whatever is loaded. */
  numGpu: number
  /** undefined: chosen by the server. */
  mainGpu: number | undefined
  /** undefined: chosen by the server. */
  useMmap: boolean | undefined
  numThread: number
  draftNumPredict: number
  shift: boolean
}

/** From a request's options merged over the Modelfile's; `shift` is a field of the request itself. */
export const loadOptions = (options: Record<string, unknown>, shift: boolean | undefined): LoadOptions => {
  const integer = (name: string) => options[name] as number | undefined
  return {
    numCtx: Math.max(integer('num_ctx') ?? CONTEXT_LENGTH, 4),
    numBatch: integer('num_batch') ?? 512,
    numGpu: integer('num_gpu') ?? -1,
    mainGpu: integer('main_gpu'),
    useMmap: options['use_mmap'] as boolean | undefined,
    numThread: integer('num_thread') ?? 0,
    draftNumPredict: integer('draft_num_predict') ?? 0,
    shift: shift ?? true,
  }
}

/** The context that a runner has. */
export const contextOf = ({ numCtx }: LoadOptions): number => Math.min(numCtx, CONTEXT_LENGTH)

/** Whether a runner loaded with `loaded` serves a request that asks for `wanted`. */
export type Serves = (loaded: LoadOptions, wanted: LoadOptions) => boolean

/** The comparison of each version's scheduler. */
export const serves: Readonly<Record<SimVersion, Serves>> = {
  '0.24.0': (loaded, wanted) =>
    isAlike(loaded, wanted) &&
    loaded.numCtx === wanted.numCtx &&
    (loaded.mainGpu ?? 0) === (wanted.mainGpu ?? 0) &&
    loaded.useMmap === wanted.useMmap,
  '0.33.0': (loaded, wanted) =>
    isAlike(loaded, wanted) &&
    contextOf(loaded) === contextOf(wanted) &&
    loaded.mainGpu === wanted.mainGpu &&
    (loaded.useMmap === wanted.useMmap || (loaded.useMmap === undefined && wanted.useMmap === MMAP_ON_CPU)) &&
    loaded.draftNumPredict === wanted.draftNumPredict &&
    loaded.shift === wanted.shift,
}

/** What the server chooses where there is no GPU. */
const MMAP_ON_CPU = false

const isAlike: Serves = (loaded, wanted) =>
  loaded.numBatch === wanted.numBatch &&
  (wanted.numGpu < 0 || loaded.numGpu === wanted.numGpu) &&
  loaded.numThread === wanted.numThread
