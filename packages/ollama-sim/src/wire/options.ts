import { goQuote } from '../go/encode.ts'
import { JsonNumber, toPlain, type JsonObject, type JsonValue } from '../go/json-value.ts'

/** An option of the wrong type: a 500 with Ollama's text. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

const INTEGERS = new Set(
  'num_keep seed num_predict top_k repeat_last_n num_ctx num_batch num_gpu main_gpu num_thread draft_num_predict'.split(
    ' ',
  ),
)
const FLOATS = new Set(
  'top_p min_p typical_p repeat_penalty temperature presence_penalty frequency_penalty'.split(' '),
)

/** The options as values, floats cut down where an integer is meant, unknown ones left out. Throws OptionError. */
export const readOptions = (options: JsonObject | undefined): Record<string, unknown> => {
  const read: Record<string, unknown> = {}
  for (const [name, value] of options?.entries ?? []) {
    if (value !== null) readOption(name, value, read)
  }
  return read
}

const readOption = (name: string, value: JsonValue, read: Record<string, unknown>): void => {
  const refuse = (type: string): never => {
    throw new OptionError(`option ${goQuote(name)} must be of ${type}`)
  }
  if (INTEGERS.has(name)) {
    read[name] = value instanceof JsonNumber ? Math.trunc(Number(value.raw)) : refuse('type integer')
  } else if (FLOATS.has(name)) {
    read[name] = value instanceof JsonNumber ? Number(value.raw) : refuse('type float32')
  } else if (name === 'use_mmap') {
    read[name] = typeof value === 'boolean' ? value : refuse('type boolean')
  } else if (name === 'stop') {
    if (!Array.isArray(value)) refuse('type array')
    const stops = toPlain(value) as unknown[]
    if (stops.some(stop => typeof stop !== 'string')) refuse('an array of strings')
    read[name] = stops
  }
}
