import type { GeneratingEndpoint } from './endpoints.ts'
import { jsonFields } from './json-fields.ts'
import { isZeroKeepAlive } from './keep-alive.ts'

/** What a queue must know of a generating request; the rest of the body stays what it is. */
export interface GenerationRequest {
  /** As written, without the space around it. */
  readonly model: string
  /** Whether the answer comes in pieces. */
  readonly stream: boolean
  /** No prompt: it only loads the model (or unloads it), and is answered by one JSON object. */
  readonly isLoad: boolean
  /** No prompt and `keep_alive: 0`: takes the model out of memory. */
  readonly isUnload: boolean
  readonly options: Readonly<Record<string, unknown>>
  readonly shift: unknown
}

/** No name of a model is longer: Ollama refuses it. */
const MAX_MODEL_CHARACTERS = 64 * 1024
/** The JSON of such a name, each character of it escaped. */
const MAX_MODEL_BYTES = 6 * MAX_MODEL_CHARACTERS
/** Longer options are not read: such a job is grouped as if it had none. */
const MAX_OPTIONS_BYTES = 1024 * 1024
/** A switch or a duration is short. A longer value is not read: Ollama refuses it. */
const MAX_SCALAR_BYTES = 1024

/**
 * Reads a request's body as Ollama reads it.
 *
 * @returns undefined when Ollama would refuse it unread: no JSON object, or no model in it
 */
export const readGenerationRequest = (
  body: Buffer,
  { prompt, streamsByDefault, loadsWithoutPrompt, takesLoadOptions }: GeneratingEndpoint,
): GenerationRequest | undefined => {
  const last = new Map<string, Buffer>()
  let options = emptyOptions()
  const keptByNull = new Set<string>(takesLoadOptions ? ['model', 'prompt'] : ['model', 'prompt', 'stream'])
  const wanted = ['model', 'stream', 'options', 'shift', 'keep_alive', prompt] as const
  const isObject = jsonFields(body, wanted, (name, value) => {
    if (name === 'options') options = mergedOptions(options, value)
    // To Go, null leaves what is no pointer as it was and empties everything else.
    else if (!(keptByNull.has(name) && isNull(value))) last.set(name, value)
  })
  if (!isObject) return undefined
  const model = modelOf(last.get('model'))
  if (model === undefined) return undefined
  const stream = scalar(last.get('stream')) ?? streamsByDefault
  const isLoad = loadsWithoutPrompt && isEmpty(last.get(prompt))
  return {
    model,
    stream: stream !== false,
    isLoad,
    isUnload: isLoad && takesLoadOptions && isZeroKeepAlive(scalar(last.get('keep_alive'))),
    options: takesLoadOptions ? options : {},
    shift: takesLoadOptions ? scalar(last.get('shift')) : undefined,
  }
}

/** Without a prototype: `__proto__` is a name like any other. */
const emptyOptions = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>

/** A repeated map is merged into the first, key by key. */
const mergedOptions = (earlier: Record<string, unknown>, raw: Buffer): Record<string, unknown> => {
  if (isNull(raw)) return emptyOptions()
  const value = raw.byteLength > MAX_OPTIONS_BYTES ? undefined : parse(raw)
  return typeof value === 'object' && !Array.isArray(value) ? Object.assign(earlier, value) : earlier
}

const modelOf = (raw: Buffer | undefined): string | undefined => {
  const value = raw && raw.byteLength > MAX_MODEL_BYTES ? undefined : parse(raw)
  const model = typeof value === 'string' ? value.trim() : ''
  return model === '' || model.length > MAX_MODEL_CHARACTERS ? undefined : model
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

/** Neither text nor messages. Not parsed: it may be as long as the body. */
const isEmpty = (raw: Buffer | undefined): boolean =>
  raw === undefined ||
  isNull(raw) ||
  raw.equals(EMPTY_TEXT) ||
  /^\[\s*\]$/.test(raw.toString('latin1', 0, 64))

const EMPTY_TEXT = Buffer.from('""')
