import { chatAnswer } from '../answers/native.ts'
import type { Exchange } from '../exchange.ts'
import { goQuote } from '../go/encode.ts'
import { answerWith, type Answering } from '../inference.ts'
import { fullNameOf, type Model } from '../model/catalogue.ts'
import { renderChat, type Tool } from '../model/render.ts'
import { requireModel, type SimContext } from '../sim-context.ts'
import { checkFormat, checkLogprobs, checkThinking, readBody, settings } from '../wire/inference-route.ts'
import { Refusal } from '../wire/refusal.ts'
import { chatRequest, type ChatRequest } from '../wire/requests.ts'

/** POST /api/chat */
export const chat = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readBody<ChatRequest>(exchange, chatRequest)
  exchange.stage = 'handler'
  await converse(context, exchange, request, chatAnswer(exchange, request))
}

/** Answers a conversation, whatever dialect it came in. Throws a Refusal with Ollama's reason. */
export const converse = async (
  context: SimContext,
  exchange: Exchange,
  request: ChatRequest,
  answering: Answering,
): Promise<void> => {
  const name = request.model ?? ''
  checkLogprobs(request)
  const model = requireModel(context, name)

  const messages = (request.messages ?? []).map(message => message ?? { role: '', content: '' })
  if (messages.length === 0 && request.keep_alive === 0) {
    context.scheduler.unload(model)
    return answering.loaded?.('unload')
  }
  const tools = (request.tools ?? []).filter(tool => tool !== undefined)
  const thinking = checkThinking(model, request)
  checkCapabilities(model, name, tools)
  await answerWith(
    context,
    exchange,
    {
      model,
      prompt: messages.length === 0 ? undefined : renderChat(model, messages, tools.map(completeTool)),
      keepAliveMs: request.keep_alive,
      thinking,
      tools: tools.length > 0,
      renderOnly: request._debug_render_only === true,
      check: () => checkFormat(request.format),
      ...settings(model, request),
    },
    answering,
  )
}

const checkCapabilities = (model: Model, name: string, tools: readonly Tool[]): void => {
  if (!model.capabilities.includes('completion')) {
    throw new Refusal(400, `${goQuote(name)} does not support chat`)
  }
  if (tools.length > 0 && !model.capabilities.includes('tools')) {
    throw new Refusal(400, `registry.ollama.ai/library/${fullNameOf(model)} does not support tools`)
  }
}

/** Go's zero values where a tool leaves something out. */
const completeTool = (tool: Partial<Tool>): Tool => {
  const { name = '', description = '', parameters } = (tool.function ?? {}) as Partial<Tool['function']>
  return { type: tool.type ?? '', function: { name, description, parameters: { type: '', ...parameters } } }
}
