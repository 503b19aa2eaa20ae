import { firstByteIn, hasText, isEmptyPrompt, scalarIn } from './field-values.ts'
import type { LastFields } from './needs.ts'

/**
 * The status with which Ollama refuses a request whatever the model, before the request waits for one. An option of the
 * wrong type is a 500, as in Ollama.
 */
export type Flaw = 400 | 500

export interface FlawOptions {
  readonly options: Readonly<Record<string, unknown>>
  /** The fields that the route requires. */
  readonly required: readonly RequiredField[]
}

/** A field without which a route refuses a request. `messages` must not be empty, `max_tokens` must be positive. */
export type RequiredField = 'messages' | 'max_tokens'

/** What is wrong with a request whose fields have the right types; undefined in doubt. */
export const flawIn = (last: LastFields, { options, required }: FlawOptions): Flaw | undefined => {
  const isIncomplete = required.some(name => isMissing[name](last.get(name)))
  if (isIncomplete || hasWrongCount(last) || isRawWithTemplate(last)) return 400
  return Object.entries(options).some(isMistypedOption) ? 500 : undefined
}

const isMissing: Record<RequiredField, (raw: Buffer | undefined) => boolean> = {
  messages: isEmptyPrompt,
  max_tokens: raw => {
    const limit = scalarIn(raw)
    return typeof limit !== 'number' || limit <= 0
  },
}

const hasWrongCount = (last: LastFields): boolean => {
  const count = scalarIn(last.get('top_logprobs'))
  return typeof count === 'number' && (count < 0 || count > 20)
}

/** The route with `raw` does not take it together with what makes a prompt of its own. */
const isRawWithTemplate = (last: LastFields): boolean =>
  scalarIn(last.get('raw')) === true &&
  (hasText(last.get('template')) ||
    hasText(last.get('system')) ||
    firstByteIn(last.get('context')) !== undefined)

const isNumber = (value: unknown): boolean => typeof value === 'number'
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isListOfText = (value: unknown): boolean =>
  Array.isArray(value) && value.every(item => typeof item === 'string')

/** The options that Ollama 0.24 and 0.33 both read with these types. Others they pass over. */
const optionTypes = new Map<string, (value: unknown) => boolean>([
  ...[
    'num_keep',
    'seed',
    'num_predict',
    'top_k',
    'repeat_last_n',
    'num_ctx',
    'num_batch',
    'num_gpu',
    'main_gpu',
    'num_thread',
    'top_p',
    'min_p',
    'typical_p',
    'temperature',
    'repeat_penalty',
    'presence_penalty',
    'frequency_penalty',
  ].map(name => [name, isNumber] as const),
  ['use_mmap', isBoolean],
  ['stop', isListOfText],
])

const isMistypedOption = ([name, value]: [string, unknown]): boolean =>
  value !== null && optionTypes.get(name)?.(value) === false
