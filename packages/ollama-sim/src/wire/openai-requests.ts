import { any, bool, custom, float, int, pointer, slice, string, struct } from '../go/decode.ts'
import { JsonNumber, JsonObject, toPlain, type JsonValue } from '../go/json-value.ts'
import type { Message, Tool, ToolCall } from '../model/render.ts'
import { Refusal } from './refusal.ts'
import { toolType, type ChatRequest, type GenerateRequest } from './requests.ts'

interface OpenAiCall {
  id?: string
  function?: { name?: string; arguments?: string }
}

interface OpenAiMessage {
  role?: string
  content?: unknown
  reasoning?: string
  tool_calls?: OpenAiCall[]
}

/** Settings that both generating routes take, under their OpenAI names. */
interface Sampling {
  max_tokens?: number
  seed?: number
  stop?: unknown
  temperature?: number
  top_p?: number
  frequency_penalty?: number
  presence_penalty?: number
}

export interface ChatCompletionRequest extends Sampling {
  model?: string
  messages?: OpenAiMessage[]
  stream?: boolean
  stream_options?: { include_usage?: boolean }
  response_format?: { type?: string; json_schema?: { schema?: JsonValue } }
  reasoning?: { effort?: string }
  reasoning_effort?: string
  tools?: (Tool | undefined)[]
}

export interface CompletionRequest extends Sampling {
  model?: string
  prompt?: string
  suffix?: string
  stream?: boolean
  stream_options?: { include_usage?: boolean }
}

export interface OpenAiEmbeddingRequest {
  model?: string
  input?: unknown
  dimensions?: number
  encoding_format?: string
}

const plain = custom('interface {}', toPlain)

const sampling = {
  max_tokens: pointer(int),
  seed: pointer(int),
  stop: plain,
  temperature: pointer(float),
  top_p: float,
  frequency_penalty: float,
  presence_penalty: float,
}

const streaming = {
  model: string,
  stream: bool,
  stream_options: struct('openai.StreamOptions', { include_usage: bool }),
}

const call = struct('openai.ToolCall', {
  id: string,
  index: int,
  type: string,
  function: struct('struct', { name: string, arguments: string }),
})

export const chatCompletionRequest = struct('openai.ChatCompletionRequest', {
  ...streaming,
  ...sampling,
  messages: slice(
    struct('openai.Message', {
      role: string,
      content: plain,
      reasoning: string,
      tool_calls: slice(call),
      name: string,
      tool_call_id: string,
    }),
  ),
  response_format: struct('openai.ResponseFormat', {
    type: string,
    json_schema: struct('openai.JsonSchema', { schema: any }),
  }),
  reasoning: struct('openai.Reasoning', { effort: string }),
  reasoning_effort: pointer(string),
  tools: slice(toolType),
})

export const completionRequest = struct('openai.CompletionRequest', {
  ...streaming,
  ...sampling,
  prompt: string,
  suffix: string,
})

export const openAiEmbeddingRequest = struct('openai.EmbedRequest', {
  model: string,
  input: plain,
  dimensions: int,
  encoding_format: string,
})

/** The options of a native request. */
const optionsOf = (request: Sampling): JsonObject => {
  const options = new JsonObject()
  const set = (name: string, value: JsonValue | undefined) => {
    if (value !== undefined) options.entries.push([name, value])
  }
  const { max_tokens: limit, stop } = request
  set('num_predict', limit === undefined ? undefined : new JsonNumber(String(limit)))
  if (typeof stop === 'string') set('stop', [stop])
  if (Array.isArray(stop))
    set(
      'stop',
      stop.filter(text => typeof text === 'string'),
    )
  return options
}

/** A chat request as Ollama makes one of it. Throws a Refusal. */
export const toChat = (request: ChatCompletionRequest): ChatRequest => {
  const { messages = [], model, tools, response_format: format } = request
  if (messages.length === 0) throw new Refusal(400, "[] is too short - 'messages'")
  const chat: ChatRequest = { messages: messages.flatMap(toMessages), options: optionsOf(request) }
  if (model !== undefined) chat.model = model
  if (tools !== undefined) chat.tools = tools
  const wanted = format?.type === 'json_object' ? 'json' : format?.json_schema?.schema
  if (wanted !== undefined) chat.format = wanted
  const { reasoning } = request
  const think = thinkOf(reasoning ? reasoning.effort : request.reasoning_effort)
  if (think !== undefined) chat.think = think
  return chat
}

/** A generate request as Ollama makes one of it. */
export const toGenerate = (request: CompletionRequest): GenerateRequest => {
  const generate: GenerateRequest = { prompt: request.prompt ?? '', options: optionsOf(request) }
  if (request.model !== undefined) generate.model = request.model
  if (request.suffix !== undefined) generate.suffix = request.suffix
  return generate
}

/** Each part of a message becomes a message of its own. */
const toMessages = ({ role = '', content, reasoning, tool_calls: calls }: OpenAiMessage): Message[] => {
  const shared = { role: role.toLowerCase(), ...(reasoning && { thinking: reasoning }) }
  if (Array.isArray(content)) {
    return (content as { type?: string; text?: string }[]).map(({ type, text }) => {
      if (type === 'image_url' || type === 'input_audio') return { ...shared, content: '' }
      if (type !== 'text' || typeof text !== 'string') throw new Refusal(400, 'invalid message format')
      return { ...shared, content: text }
    })
  }
  const text = content ?? ''
  if (typeof text !== 'string') throw new Refusal(400, 'invalid message content type: object')
  if (calls === undefined) return [{ ...shared, content: text }]
  return [{ ...shared, content: text, tool_calls: calls.map(toToolCall) }]
}

const toToolCall = ({ function: { name = '', arguments: given = '' } = {} }: OpenAiCall): ToolCall => {
  try {
    return { function: { name, arguments: JSON.parse(given) as unknown } }
  } catch {
    throw new Refusal(400, 'invalid tool call arguments')
  }
}

const EFFORTS = new Map([
  ['minimal', 'low'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['max', 'max'],
  ['xhigh', 'max'],
  ['ultra', 'max'],
])

/** The thinking that an effort asks for; undefined leaves it to the model. */
export const thinkOf = (effort: string | undefined): boolean | string | undefined => {
  if (effort === undefined || effort === '') return undefined
  if (effort === 'none') return false
  const think = EFFORTS.get(effort)
  if (think !== undefined) return think
  throw new Refusal(
    400,
    `invalid reasoning value: '${effort}' (must be "high", "medium", "low", "max", or "none")`,
  )
}
