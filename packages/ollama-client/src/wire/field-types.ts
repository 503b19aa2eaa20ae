import { CLOSE_BRACKET, isSpace, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-characters.ts'
import { keepAliveSeconds } from './keep-alive.ts'

/** What Ollama takes as the value of a field. Every field may also be null. */
export type FieldType =
  | 'text'
  | 'switch'
  | 'integer'
  | 'number'
  | 'texts'
  | 'numbers'
  | 'objects'
  | 'object'
  | 'text or list'
  | 'duration'
  | 'thinking'

/** The fields of a request that foreman looks at, by their names in lower case. */
export type FieldTypes = Readonly<Record<string, FieldType>>

const ofOllama = {
  model: 'text',
  stream: 'switch',
  options: 'object',
  keep_alive: 'duration',
  think: 'thinking',
  truncate: 'switch',
  shift: 'switch',
  _debug_render_only: 'switch',
  logprobs: 'switch',
  top_logprobs: 'integer',
} as const

const ofOpenAi = {
  model: 'text',
  stream: 'switch',
  stream_options: 'object',
  max_tokens: 'integer',
  seed: 'integer',
  temperature: 'number',
  top_p: 'number',
  frequency_penalty: 'number',
  presence_penalty: 'number',
} as const

/**
 * The fields that Ollama 0.24 and 0.33 both read with these types. Fields that only one of them has, and what is nested in
 * a field, are left to the target, except for the first element of a list.
 */
export const fieldTypes = {
  chat: { ...ofOllama, messages: 'objects', tools: 'objects' },
  generate: {
    ...ofOllama,
    prompt: 'text',
    suffix: 'text',
    system: 'text',
    template: 'text',
    context: 'numbers',
    raw: 'switch',
    images: 'texts',
  },
  chatCompletions: {
    ...ofOpenAi,
    messages: 'objects',
    tools: 'objects',
    response_format: 'object',
    reasoning: 'object',
    reasoning_effort: 'text',
  },
  completions: { ...ofOpenAi, prompt: 'text', suffix: 'text' },
  responses: {
    model: 'text',
    input: 'text or list',
    instructions: 'text',
    stream: 'switch',
    max_output_tokens: 'integer',
    temperature: 'number',
    top_p: 'number',
    reasoning: 'object',
    tools: 'objects',
  },
  messages: {
    model: 'text',
    max_tokens: 'integer',
    messages: 'objects',
    stream: 'switch',
    temperature: 'number',
    top_p: 'number',
    top_k: 'integer',
    stop_sequences: 'texts',
    tools: 'objects',
    thinking: 'object',
  },
  /** The routes that only one of the versions has. */
  others: { model: 'text' },
} as const satisfies Record<string, FieldTypes>

/** A switch, a number or a duration is short. A longer value is not read. */
const MAX_SCALAR_BYTES = 1024
/** How far behind its bracket the first element of a list is looked for. */
const MAX_SPACE = 64

type Kind = 'text' | 'switch' | 'number' | 'list' | 'object'

/** The kind of a JSON value by its first byte. Undefined for null, and for what is no JSON. */
const kindOf = (first: number | undefined): Kind | undefined => {
  if (first === QUOTE) return 'text'
  if (first === OPEN_BRACE) return 'object'
  if (first === OPEN_BRACKET) return 'list'
  if (first === 0x74 || first === 0x66) return 'switch'
  return first === 0x2d || (first !== undefined && first >= 0x30 && first <= 0x39) ? 'number' : undefined
}

/** A list is judged by its first element. */
const listOf = (kind: Kind) => (ofList: Kind, raw: Buffer) =>
  ofList === 'list' && [kind, undefined].includes(kindOf(firstByteIn(raw)))

const THINKING = new Set(['high', 'medium', 'low', 'max'])

const accepts: Record<FieldType, (kind: Kind, raw: Buffer) => boolean> = {
  text: kind => kind === 'text',
  switch: kind => kind === 'switch',
  // Go reads neither 1.0 nor 1e2 into an integer.
  integer: (kind, raw) => kind === 'number' && (isLong(raw) || /^-?\d+$/.test(raw.toString('latin1'))),
  number: kind => kind === 'number',
  texts: listOf('text'),
  numbers: listOf('number'),
  objects: listOf('object'),
  object: kind => kind === 'object',
  'text or list': kind => kind === 'text' || kind === 'list',
  duration: (kind, raw) =>
    kind === 'number' || (kind === 'text' && keepAliveSeconds(scalarIn(raw)) !== 'invalid'),
  thinking: (kind, raw) => {
    if (kind === 'switch') return true
    const level = scalarIn(raw)
    return kind === 'text' && (typeof level !== 'string' || THINKING.has(level))
  },
}

/** Whether Ollama refuses this value in a field of this type. False in doubt. */
export const isMistyped = (type: FieldType, raw: Buffer): boolean => {
  const kind = kindOf(raw[0])
  return kind !== undefined && !accepts[type](kind, raw)
}

const isLong = (raw: Buffer): boolean => raw.byteLength > MAX_SCALAR_BYTES

/** A JSON value; undefined when it is absent or no JSON. */
export const valueIn = (raw: Buffer | undefined): unknown => {
  if (!raw) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}

/** A boolean, a number, a text or null. Anything else is undefined, and a list of millions is not even parsed. */
export const scalarIn = (raw: Buffer | undefined): unknown => {
  const value = raw && isLong(raw) ? undefined : valueIn(raw)
  return typeof value === 'object' && value !== null ? undefined : value
}

export const isNull = (raw: Buffer): boolean => raw.byteLength === 4 && raw.toString('latin1') === 'null'

/** Whether the field has a text that is not empty. It is not parsed, because it can be as long as the body. */
export const hasText = (raw: Buffer | undefined): boolean => raw?.[0] === QUOTE && raw[1] !== QUOTE

/** The first byte of the first element of a list; undefined when there is none, or when it is far behind the bracket. */
export const firstByteIn = (raw: Buffer | undefined): number | undefined => {
  if (raw?.[0] !== OPEN_BRACKET) return undefined
  let at = 1
  while (at < MAX_SPACE && isSpace(raw[at])) at++
  return isSpace(raw[at]) || raw[at] === CLOSE_BRACKET ? undefined : raw[at]
}

/** Whether a prompt has neither text nor messages. */
export const isEmptyPrompt = (raw: Buffer | undefined): boolean =>
  raw === undefined ||
  isNull(raw) ||
  raw.equals(EMPTY_TEXT) ||
  /^\[\s*\]$/.test(raw.toString('latin1', 0, MAX_SPACE))

const EMPTY_TEXT = Buffer.from('""')
