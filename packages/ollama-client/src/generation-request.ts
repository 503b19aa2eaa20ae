import { jsonFields } from './json-fields.ts'
import { isZeroKeepAlive } from './keep-alive.ts'

/** What a queue must know of a generating request; the rest of the body stays what it is. */
export interface GenerationRequest {
  /** As written. */
  readonly model: string
  /** Whether the answer comes in pieces: absent and null count as true. */
  readonly stream: boolean
  /** No prompt: it only loads the model (or unloads it), and is answered by one JSON object. */
  readonly isLoad: boolean
  /** No prompt and `keep_alive: 0`: takes the model out of memory. */
  readonly isUnload: boolean
  readonly options: Readonly<Record<string, unknown>>
  readonly shift: unknown
}

/** The field that holds what is asked. */
export type PromptField = 'messages' | 'prompt'

/** Longer values of the small fields are not looked into: Ollama refuses them. */
const LONGEST_VALUE_BYTES = 64 * 1024

/**
 * Reads a request's body as Ollama reads it.
 *
 * @returns undefined when Ollama would refuse it unread: no JSON object, or no model in it
 */
export const readGenerationRequest = (body: Buffer, prompt: PromptField): GenerationRequest | undefined => {
  const fields = jsonFields(body, ['model', 'stream', 'options', 'shift', 'keep_alive', prompt])
  if (!fields) return undefined
  const last = (name: string): unknown => parse(fields.get(name)?.at(-1))
  // To Go, null leaves a string as it was and empties everything else.
  const model = fields
    .get('model')
    ?.map(parse)
    .findLast(value => value !== null)
  if (typeof model !== 'string' || model.trim() === '') return undefined
  const isLoad = isEmpty(fields.get(prompt) ?? [], prompt)
  return {
    model,
    stream: last('stream') !== false,
    isLoad,
    isUnload: isLoad && isZeroKeepAlive(last('keep_alive')),
    // A repeated map is merged into the first, key by key.
    options: Object.assign({}, ...(fields.get('options') ?? []).map(parse).filter(isRecord)) as Record<
      string,
      unknown
    >,
    shift: last('shift'),
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parse = (raw: Buffer | undefined): unknown => {
  if (!raw || raw.byteLength > LONGEST_VALUE_BYTES) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}

const isEmpty = (values: readonly Buffer[], prompt: PromptField): boolean => {
  const counted = prompt === 'messages' ? values : values.filter(raw => !startsWith(raw, 'null'))
  const raw = counted.at(-1)
  if (!raw) return true
  const value = raw.byteLength > 1024 ? raw : parse(raw)
  return value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

const startsWith = (raw: Buffer, text: string): boolean => raw.subarray(0, text.length).toString() === text
