import { type Steps, runSteps } from '../steps.ts'
import type { GeneratingEndpoint } from './endpoints.ts'
import { isEmptyPrompt, isMistyped, isNull, scalarIn, valueIn } from './field-values.ts'
import { type Flaw, flawIn } from './flaws.ts'
import { jsonFieldsInSteps } from './json-fields.ts'
import { isZeroKeepAlive } from './keep-alive.ts'
import { type Capability, needsIn } from './needs.ts'

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
  /** The status with which Ollama refuses the request whatever the model. Undefined: nothing is wrong that foreman sees. */
  readonly flaw: Flaw | undefined
  /** What the model must be able to do. */
  readonly needs: readonly Capability[]
  /** The person or program for whom the caller asks, in the fields of OpenAI and Anthropic. */
  readonly user: string | undefined
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

/** Fields that name a user; in `metadata` it is the field `user_id`. Ollama does not read them. */
const USER_FIELDS = ['safety_identifier', 'user', 'metadata'] as const
/** Longer ones are not read. */
const MAX_USER_BYTES = 16 * 1024

/** Go leaves these fields as they were when null comes. It empties the others. */
const KEPT_BY_NULL = [
  'model',
  'prompt',
  'suffix',
  'system',
  'template',
  'raw',
  'top_logprobs',
  'max_tokens',
] as const

/**
 * Reads a request's body as Ollama reads it.
 *
 * @returns undefined when the body is not a JSON object or names no model. Ollama refuses such a request
 */
export const readGenerationRequestInSteps = function* (
  body: Buffer,
  { prompt, fields, required, streams, loadsWithoutPrompt, takesLoadOptions }: GeneratingEndpoint,
): Steps<GenerationRequest | undefined> {
  const last = new Map<string, Buffer>()
  let options = emptyOptions()
  let optionsBytes = 0
  let hasWrongType = false
  const keptByNull = new Set<string>(takesLoadOptions ? KEPT_BY_NULL : [...KEPT_BY_NULL, 'stream'])
  const wanted = [...new Set([...Object.keys(fields), ...USER_FIELDS])]
  const isObject = yield* jsonFieldsInSteps(body, wanted, (name, value) => {
    const type = fields[name]
    hasWrongType ||= type !== undefined && isMistyped(type, value)
    if (name === 'options') {
      optionsBytes += value.byteLength
      if (optionsBytes <= MAX_OPTIONS_BYTES) options = mergedOptions(options, value)
    } else if (!(keptByNull.has(name) && isNull(value))) last.set(name, value)
  })
  if (!isObject) return undefined
  const model = modelOf(last.get('model'))
  if (model === undefined) return undefined
  const stream = scalarIn(last.get('stream')) ?? streams === 'by_default'
  const isLoad = loadsWithoutPrompt && isEmptyPrompt(last.get(prompt))
  const areOptionsRead = optionsBytes <= MAX_OPTIONS_BYTES
  return {
    model,
    stream: streams !== 'never' && stream !== false,
    isLoad,
    answersInText: false,
    isUnload: isLoad && takesLoadOptions && isZeroKeepAlive(scalarIn(last.get('keep_alive'))),
    options,
    shift: scalarIn(last.get('shift')),
    flaw: hasWrongType ? 400 : flawIn(last, { options: areOptionsRead ? options : {}, required }),
    needs: streams === 'never' ? [] : yield* needsIn(last, prompt),
    user: userIn(last),
  }
}

/** `readGenerationRequestInSteps` without a pause. */
export const readGenerationRequest = (
  body: Buffer,
  endpoint: GeneratingEndpoint,
): GenerationRequest | undefined => runSteps(readGenerationRequestInSteps(body, endpoint))

const userIn = (fields: ReadonlyMap<string, Buffer>): string | undefined => {
  const [identifier, user, metadata] = USER_FIELDS.map(name => {
    const raw = fields.get(name)
    return raw && raw.byteLength <= MAX_USER_BYTES ? valueIn(raw) : undefined
  })
  const id =
    typeof metadata === 'object' && metadata !== null && 'user_id' in metadata ? metadata.user_id : undefined
  return [identifier, user, id].find(named => typeof named === 'string' && named !== '') as string | undefined
}

/** The object has no prototype, so `__proto__` is a name like any other. */
const emptyOptions = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>

/** Merges a repeated `options` into the earlier one, key by key, as Go does. */
const mergedOptions = (earlier: Record<string, unknown>, raw: Buffer): Record<string, unknown> => {
  if (isNull(raw)) return emptyOptions()
  const value = valueIn(raw)
  return typeof value === 'object' && !Array.isArray(value) ? Object.assign(earlier, value) : earlier
}

const modelOf = (raw: Buffer | undefined): string | undefined => {
  const value = raw && raw.byteLength > MAX_MODEL_BYTES ? undefined : valueIn(raw)
  const model = typeof value === 'string' ? value.trim() : ''
  return model === '' || model.length > MAX_MODEL_LENGTH ? undefined : model
}
