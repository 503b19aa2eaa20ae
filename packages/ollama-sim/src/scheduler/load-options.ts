import { CONTEXT_LENGTH } from '../model/catalogue.ts'

/** The options that a runner is started with; a request with other ones needs another runner. */
export interface LoadOptions {
  numCtx: number
  /** undefined: chosen by the server. */
  numBatch: number | undefined
  /** Negative: chosen by the server, and satisfied with whatever is loaded. */
  numGpu: number
  mainGpu: number
  /** undefined: chosen by the server, and satisfied with whatever is loaded. */
  useMmap: boolean | undefined
  numThread: number
  shift: boolean
}

/** From a request's options merged over the Modelfile's; `shift` is a field of the request itself. */
export const loadOptions = (options: Record<string, unknown>, shift: boolean | undefined): LoadOptions => {
  const integer = (name: string) => options[name] as number | undefined
  return {
    numCtx: Math.min(Math.max(integer('num_ctx') ?? CONTEXT_LENGTH, 4), CONTEXT_LENGTH),
    numBatch: integer('num_batch'),
    numGpu: integer('num_gpu') ?? -1,
    mainGpu: integer('main_gpu') ?? 0,
    useMmap: options['use_mmap'] as boolean | undefined,
    numThread: integer('num_thread') ?? 0,
    shift: shift ?? true,
  }
}

/** Whether a runner loaded with `loaded` serves a request that asks for `wanted`. */
export const serves = (loaded: LoadOptions, wanted: LoadOptions): boolean =>
  loaded.numCtx === wanted.numCtx &&
  loaded.numBatch === wanted.numBatch &&
  (wanted.numGpu < 0 || loaded.numGpu === wanted.numGpu) &&
  loaded.mainGpu === wanted.mainGpu &&
  (wanted.useMmap === undefined || loaded.useMmap === wanted.useMmap) &&
  loaded.numThread === wanted.numThread &&
  loaded.shift === wanted.shift
