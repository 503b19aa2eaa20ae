import { any, bool, custom, float, int, pointer, slice, string, struct } from '../go/decode.ts'
import { JsonNumber, JsonObject, kindOf, toPlain } from '../go/json-value.ts'
import type { Message, Tool } from '../model/render.ts'
import { thinkOf } from './openai-requests.ts'
import { Refusal } from './refusal.ts'
import type { ChatRequest } from './requests.ts'

interface Item {
  type?: string
  role?: string
  content?: string | { text?: string }[]
  name?: string
  arguments?: string
  output?: string
}

export interface ResponsesRequest {
  model?: string
  input?: string | Item[]
  instructions?: string
  stream?: boolean
  max_output_tokens?: number
  temperature?: number
  top_p?: number
  reasoning?: { effort?: string }
  tools?: { type?: string; name?: string; description?: string; parameters?: Record<string, unknown> }[]
}

const plain = custom('interface {}', toPlain)

const inputType = custom('openai.ResponsesInput', value => {
  if (typeof value === 'string' || Array.isArray(value)) return toPlain(value)
  const cause = `json: cannot unmarshal ${kindOf(value)} into Go value of type []json.RawMessage`
  throw new Error(`input must be a string or array: ${cause}`)
})

export const responsesRequest = struct('openai.ResponsesRequest', {
  model: string,
  input: inputType,
  instructions: string,
  stream: pointer(bool),
  max_output_tokens: pointer(int),
  temperature: pointer(float),
  top_p: pointer(float),
  reasoning: struct('openai.ResponsesReasoning', { effort: string, summary: string }),
  text: any,
  tools: slice(
    struct('openai.ResponsesTool', {
      type: string,
      name: string,
      description: pointer(string),
      strict: pointer(bool),
      parameters: plain,
    }),
  ),
})

/** A chat request as Ollama makes one of it. Throws a Refusal. */
export const responsesToChat = (request: ResponsesRequest): ChatRequest => {
  const { model, input = '', instructions = '', max_output_tokens: limit, tools, reasoning } = request
  const options = new JsonObject()
  if (limit !== undefined) options.entries.push(['num_predict', new JsonNumber(String(limit))])
  const messages = typeof input === 'string' ? [{ role: 'user', content: input }] : input.map(toMessage)
  if (instructions !== '') messages.unshift({ role: 'system', content: instructions })
  const chat: ChatRequest = { messages, options }
  if (model !== undefined) chat.model = model
  const think = thinkOf(reasoning?.effort)
  if (think !== undefined) chat.think = think
  const functions = tools?.filter(({ type }) => type === 'function')
  if (functions !== undefined && functions.length > 0) chat.tools = functions.map(toTool)
  return chat
}

const toMessage = (item: Item): Message => {
  const { type = 'message', role = 'user', content = '', name = '', output = '' } = item
  if (type === 'message') {
    const text = typeof content === 'string' ? content : content.map(part => part.text ?? '').join('')
    return { role, content: text }
  }
  if (type === 'function_call_output') return { role: 'tool', content: output }
  if (type === 'reasoning') return { role: 'assistant', content: '' }
  if (type !== 'function_call') throw new Refusal(400, `unknown input item type: ${type}`)
  try {
    const given: unknown = JSON.parse(item.arguments ?? '')
    return { role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: given } }] }
  } catch {
    throw new Refusal(400, 'failed to parse function call arguments')
  }
}

const toTool = ({
  name = '',
  description = '',
  parameters,
}: NonNullable<ResponsesRequest['tools']>[number]): Tool => ({
  type: 'function',
  function: { name, description, parameters: { type: '', ...parameters } },
})
