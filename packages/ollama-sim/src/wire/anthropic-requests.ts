import { any, bool, custom, float, int, pointer, slice, string, struct } from '../go/decode.ts'
import { goJson } from '../go/encode.ts'
import { JsonNumber, JsonObject, toPlain } from '../go/json-value.ts'
import type { Message, ToolCall } from '../model/render.ts'
import { Refusal } from './refusal.ts'
import type { ChatRequest } from './requests.ts'

interface Block {
  type?: string
  text?: string
  thinking?: string
  name?: string
  input?: unknown
  content?: unknown
}

interface AnthropicTool {
  name?: string
  description?: string
  input_schema?: { type?: string; required?: string[]; properties?: unknown }
}

export interface MessagesRequest {
  model?: string
  max_tokens?: number
  messages?: { role?: string; content?: string | Block[] }[]
  system?: string | Block[]
  stream?: boolean
  stop_sequences?: string[]
  thinking?: { type?: string }
  tools?: AnthropicTool[]
}

const plain = custom('interface {}', toPlain)

export const messagesRequest = struct('anthropic.MessagesRequest', {
  model: string,
  max_tokens: int,
  messages: slice(struct('anthropic.MessageParam', { role: string, content: plain })),
  system: plain,
  stream: bool,
  temperature: pointer(float),
  top_p: pointer(float),
  top_k: pointer(int),
  stop_sequences: slice(string),
  tools: slice(
    struct('anthropic.Tool', { type: string, name: string, description: string, input_schema: plain }),
  ),
  tool_choice: any,
  thinking: struct('anthropic.ThinkingConfig', { type: string, budget_tokens: int }),
  metadata: any,
})

/** A chat request as Ollama makes one of it; thinking is dropped where the model cannot. Throws a Refusal. */
export const messagesToChat = (request: MessagesRequest, thinks: boolean): ChatRequest => {
  const { model = '', max_tokens: limit = 0, messages = [], system, stop_sequences: stop, thinking } = request
  if (model === '') throw new Refusal(400, 'model is required')
  if (limit <= 0) throw new Refusal(400, 'max_tokens is required and must be positive')
  if (messages.length === 0) throw new Refusal(400, 'messages is required')
  const options = new JsonObject()
  options.entries.push(['num_predict', new JsonNumber(String(limit))])
  if (stop !== undefined) options.entries.push(['stop', stop])
  const instructions = textOf(system)
  const chat: ChatRequest = {
    model,
    options,
    messages: [
      ...(instructions === '' ? [] : [{ role: 'system', content: instructions }]),
      ...messages.flatMap(toMessages),
    ],
  }
  if (request.tools !== undefined) chat.tools = request.tools.map(toTool)
  if (thinks && thinking?.type === 'enabled') chat.think = true
  if (thinks && thinking?.type === 'disabled') chat.think = false
  return chat
}

/** What Ollama says it has read before it has: a token for four characters. */
export const estimateTokens = ({ system, messages = [], tools = [] }: MessagesRequest): number => {
  let chars = textOf(system).length
  for (const { role = '', content } of messages) chars += role.length + textOf(content).length
  for (const { name = '', description = '', input_schema: schema } of tools) {
    chars += name.length + description.length + goJson(schema ?? null).length
  }
  return Math.floor(chars / 4)
}

const textOf = (content: string | Block[] | undefined): string => {
  if (Array.isArray(content)) return content.map(({ text = '' }) => text).join('')
  return content ?? ''
}

const toMessages = ({
  role = '',
  content = '',
}: {
  role?: string
  content?: string | Block[]
}): Message[] => {
  if (typeof content === 'string') return [{ role, content }]
  const message: Message = { role, content: textOf(content) }
  const calls: ToolCall[] = []
  const results: Message[] = []
  for (const block of content) {
    if (block.type === 'thinking') message.thinking = block.thinking ?? ''
    if (block.type === 'tool_use') {
      calls.push({ function: { name: block.name ?? '', arguments: block.input ?? {} } })
    }
    if (block.type === 'tool_result') {
      results.push({ role: 'tool', content: textOf(block.content as string | Block[] | undefined) })
    }
  }
  if (calls.length > 0) message.tool_calls = calls
  const says = message.content !== '' || message.thinking !== undefined || calls.length > 0
  return says || results.length === 0 ? [message, ...results] : results
}

const toTool = ({ name = '', description = '', input_schema: schema = {} }: AnthropicTool) => ({
  type: 'function',
  function: { name, description, parameters: { type: '', ...schema } },
})
