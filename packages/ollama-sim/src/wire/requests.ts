import { checkBase64 } from '../go/base64.ts'
import {
  any,
  bool,
  custom,
  decodeGo,
  GoTypeError,
  int,
  pointer,
  slice,
  string,
  stringMap,
  struct,
  type GoType,
} from '../go/decode.ts'
import { parseGoDuration } from '../go/duration.ts'
import { goQuote } from '../go/encode.ts'
import { JsonNumber, JsonObject, kindOf, toPlain, type JsonValue } from '../go/json-value.ts'
import type { Message, Tool } from '../model/render.ts'

/** What Go's largest duration comes to; Ollama's "for ever". */
export const FOREVER_MS = 2 ** 63 / 1e6

export interface InferenceRequest {
  model?: string
  stream?: boolean
  options?: JsonObject
  /** Milliseconds. */
  keep_alive?: number
  format?: JsonValue
  think?: boolean | string
  shift?: boolean
  _debug_render_only?: boolean
  logprobs?: boolean
  top_logprobs?: number
}

export interface ChatRequest extends InferenceRequest {
  messages?: (Message | undefined)[]
  tools?: (Tool | undefined)[]
}

export interface GenerateRequest extends InferenceRequest {
  prompt?: string
  suffix?: string
  system?: string
  template?: string
  context?: number[]
  raw?: boolean
  images?: string[]
}

export interface EmbedRequest {
  model?: string
  input?: JsonValue
  prompt?: string
  keep_alive?: number
  options?: JsonObject
  dimensions?: number
}

export interface ShowRequest {
  model?: string
  name?: string
}

const keepAlive = custom('api.Duration', value => {
  if (value instanceof JsonNumber) return Number(value.raw) < 0 ? FOREVER_MS : Number(value.raw) * 1000
  if (typeof value === 'string') {
    const ms = parseGoDuration(value)
    return ms < 0 ? FOREVER_MS : ms
  }
  const type = { array: '[]interface {}', object: 'map[string]interface {}' }[kindOf(value) as string]
  throw new Error(`Unsupported type: '${type ?? 'bool'}'`)
})

const THINK_VALUES = '"high", "medium", "low", "max", true, or false'

const think = custom('api.ThinkValue', value => {
  if (typeof value === 'boolean' || ['high', 'medium', 'low', 'max'].includes(value as string)) return value
  if (typeof value === 'string')
    throw new Error(`invalid think value: ${goQuote(value)} (must be ${THINK_VALUES})`)
  throw new Error(`think must be a boolean or string (${THINK_VALUES})`)
})

const image: GoType = {
  name: 'api.ImageData',
  decode(value, at) {
    if (typeof value !== 'string')
      return at.report(new GoTypeError(kindOf(value), 'api.ImageData', at.struct, at.path))
    try {
      checkBase64(value)
    } catch (error) {
      return at.report(error as Error)
    }
    return value
  },
}

const callArguments = custom('api.ToolCallFunctionArguments', value => {
  if (value instanceof JsonObject) return toPlain(value)
  throw new GoTypeError(kindOf(value), stringMap.name, undefined, [])
})

const toolCall = struct('api.ToolCall', {
  id: string,
  function: struct('api.ToolCallFunction', { index: int, name: string, arguments: callArguments }),
})

const messageFields = struct('api.Alias', {
  role: string,
  content: string,
  thinking: string,
  images: slice(image),
  tool_calls: slice(toolCall),
  tool_name: string,
  tool_call_id: string,
})

const message = custom('api.Message', value => {
  const { role = '', content = '', ...rest } = decodeGo(messageFields, value)
  return { role: (role as string).toLowerCase(), content, ...rest }
})

const plain = custom('interface {}', toPlain)

export const toolType = struct('api.Tool', {
  type: string,
  items: any,
  function: struct('api.ToolFunction', {
    name: string,
    description: string,
    parameters: struct('api.ToolFunctionParameters', {
      type: string,
      $defs: plain,
      items: plain,
      required: slice(string),
      properties: plain,
    }),
  }),
})

const inference = {
  model: string,
  stream: pointer(bool),
  options: stringMap,
  keep_alive: keepAlive,
  format: any,
  think,
  truncate: pointer(bool),
  shift: pointer(bool),
  _debug_render_only: bool,
  logprobs: bool,
  top_logprobs: int,
}

export const chatRequest = struct('api.ChatRequest', {
  ...inference,
  messages: slice(message),
  tools: slice(toolType),
})

export const generateRequest = struct('api.GenerateRequest', {
  ...inference,
  prompt: string,
  suffix: string,
  system: string,
  template: string,
  context: slice(int),
  raw: bool,
  images: slice(image),
})

export const embedRequest = struct('api.EmbedRequest', {
  model: string,
  input: any,
  keep_alive: keepAlive,
  truncate: pointer(bool),
  dimensions: int,
  options: stringMap,
})

export const embeddingRequest = struct('api.EmbeddingRequest', {
  model: string,
  prompt: string,
  keep_alive: keepAlive,
  options: stringMap,
})

export const showRequest = struct('api.ShowRequest', {
  model: string,
  system: string,
  template: string,
  verbose: bool,
  options: stringMap,
  name: string,
})
