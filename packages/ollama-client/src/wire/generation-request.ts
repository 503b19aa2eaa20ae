import { type Steps, runSteps } from '../steps.ts'
import type { GeneratingEndpoint } from './endpoints.ts'
import { jsonFieldsInSteps } from './json-fields.ts'
import { isZeroKeepAlive } from './keep-alive.ts'

/** The part of a generating request that foreman's queue reads. The rest of the body is passed on as it is. */
export interface GenerationRequest {
  /** The name as the request spells it, without the space around it. */
  readonly model: string
  /** Whether the answer is streamed. */
  readonly stream: boolean
  /** The request has no prompt: it only loads or unloads the model. The answer is one JSON object. */
  readonly isLoad: boolean
  /** The request has no prompt and `keep_alive: 0`: it takes the model out of memory. */
  readonly isUnload: boolean
  /** The answer is a text, in which every byte counts. */
  readonly answersInText: boolean
  readonly options: Readonly<Record<string, unknown>>
  readonly shift: unknown
}

/** Ollama refuses a longer model name. */
const MAX_MODEL_LENGTH = 64 * 1024
/** The JSON of such a name, with an escape sequence for each character. */
const MAX_MODEL_BYTES = 6 * MAX_MODEL_LENGTH
/**
 * Of options that are longer, all repetitions taken together, the rest is not read. Such a job gets the group that it would
 * have without them.
 */
const MAX_OPTIONS_BYTES = 1024 * 1024
/** A switch or a duration is short. A longer value is not read, because Ollama refuses it. */
const MAX_SCALAR_BYTES = 1024

/**
 * Reads a request's body as Ollama reads it.
 *
 * @returns undefined when the body is not a JSON object or names no model. Ollama refuses such a request
 */
export const readGenerationRequestInSteps = function* (
  body: Buffer,
  { prompt, streams, loadsWithoutPrompt, takesLoadOptions }: GeneratingEndpoint,
): Steps<GenerationRequest | undefined> {
  const last = new Map<string, Buffer>()
  let options = emptyOptions()
  let optionsBytes = 0
  const keptByNull = new Set<string>(takesLoadOptions ? ['model', 'prompt'] : ['model', 'prompt', 'stream'])
  const wanted = ['model', 'stream', 'options', 'shift', 'keep_alive', prompt] as const
  const isObject = yield* jsonFieldsInSteps(body, wanted, (name, value) => {
    if (name === 'options') {
      optionsBytes += value.byteLength
      if (optionsBytes <= MAX_OPTIONS_BYTES) options = mergedOptions(options, value)
    }
    // In Go, null leaves a field as it was, except for a pointer, map, slice or interface, which it empties.
    else if (!(keptByNull.has(name) && isNull(value))) last.set(name, value)
  })
  if (!isObject) return undefined
  const model = modelOf(last.get('model'))
  if (model === undefined) return undefined
  const stream = scalar(last.get('stream')) ?? streams === 'by_default'
  const isLoad = loadsWithoutPrompt && isEmpty(last.get(prompt))
  return {
    model,
    stream: streams !== 'never' && stream !== false,
    isLoad,
    answersInText: false,
    isUnload: isLoad && takesLoadOptions && isZeroKeepAlive(scalar(last.get('keep_alive'))),
    options: takesLoadOptions ? options : {},
    shift: takesLoadOptions ? scalar(last.get('shift')) : undefined,
  }
}

/** `readGenerationRequestInSteps` without a pause. */
export const readGenerationRequest = (
  body: Buffer,
  endpoint: GeneratingEndpoint,
): GenerationRequest | undefined => runSteps(readGenerationRequestInSteps(body, endpoint))

/** The object has no prototype, so `__proto__` is a name like any other. */
const emptyOptions = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>

/** Merges a repeated `options` into the earlier one, key by key, as Go does. */
const mergedOptions = (earlier: Record<string, unknown>, raw: Buffer): Record<string, unknown> => {
  if (isNull(raw)) return emptyOptions()
  const value = parse(raw)
  return typeof value === 'object' && !Array.isArray(value) ? Object.assign(earlier, value) : earlier
}

const modelOf = (raw: Buffer | undefined): string | undefined => {
  const value = raw && raw.byteLength > MAX_MODEL_BYTES ? undefined : parse(raw)
  const model = typeof value === 'string' ? value.trim() : ''
  return model === '' || model.length > MAX_MODEL_LENGTH ? undefined : model
}

const parse = (raw: Buffer | undefined): unknown => {
  if (!raw) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}

/** A boolean, a number, a text or null. Anything else is undefined, and a list of millions is not even parsed. */
const scalar = (raw: Buffer | undefined): unknown => {
  const value = raw && raw.byteLength > MAX_SCALAR_BYTES ? undefined : parse(raw)
  return typeof value === 'object' && value !== null ? undefined : value
}

const isNull = (raw: Buffer): boolean => raw.byteLength === 4 && raw.toString('latin1') === 'null'

/** Whether a prompt has neither text nor messages. It is not parsed, because it can be as long as the body. */
const isEmpty = (raw: Buffer | undefined): boolean =>
  raw === undefined ||
  isNull(raw) ||
  raw.equals(EMPTY_TEXT) ||
  /^\[\s*\]$/.test(raw.toString('latin1', 0, 64))

const EMPTY_TEXT = Buffer.from('""')
