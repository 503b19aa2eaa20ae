import { generateAnswer } from '../answers/native.ts'
import type { Exchange } from '../exchange.ts'
import { goQuote } from '../go/encode.ts'
import { answerWith, type Answering } from '../inference.ts'
import { fullNameOf, type Model } from '../model/catalogue.ts'
import { renderChat, renderTemplate } from '../model/render.ts'
import { tokenText } from '../model/vocabulary.ts'
import { checkName, findModel, type SimContext } from '../sim-context.ts'
import { checkFormat, checkLogprobs, checkThinking, readBody, settings } from '../wire/inference-route.ts'
import { Refusal } from '../wire/refusal.ts'
import { generateRequest, type GenerateRequest } from '../wire/requests.ts'

/** POST /api/generate */
export const generate = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readBody<GenerateRequest>(exchange, generateRequest)
  exchange.stage = 'handler'
  await complete(context, exchange, request, generateAnswer(exchange, request))
}

/** Goes on from a prompt, whatever dialect it came in. Throws a Refusal with Ollama's reason. */
export const complete = async (
  context: SimContext,
  exchange: Exchange,
  request: GenerateRequest,
  answering: Answering,
): Promise<void> => {
  const { model: name = '', prompt = '' } = request
  checkLogprobs(request)
  if (name !== '') checkName(name)
  const model = findModel(context, name)
  if (model === undefined) throw new Refusal(404, `model '${name}' not found`)

  if (prompt === '' && request.keep_alive === 0) {
    context.scheduler.unload(model)
    return answering.loaded?.('unload')
  }
  checkRaw(request)
  const thinking = checkThinking(model, request)
  checkCapabilities(model, request)
  await answerWith(
    context,
    exchange,
    {
      model,
      prompt: prompt === '' ? undefined : request.raw ? prompt : render(model, request, prompt),
      keepAliveMs: request.keep_alive,
      thinking,
      tools: false,
      renderOnly: request._debug_render_only === true,
      check: () => checkFormat(request.format),
      ...settings(model, request),
    },
    answering,
  )
}

const checkRaw = ({ raw, template, system, context }: GenerateRequest): void => {
  if (raw && (template || system || context?.length)) {
    throw new Refusal(400, 'raw mode does not support template, system, or context')
  }
}

const checkCapabilities = (model: Model, request: GenerateRequest): void => {
  if (!model.capabilities.includes('completion')) {
    throw new Refusal(400, `${goQuote(request.model ?? '')} does not support generate`)
  }
  if (request.suffix && !model.capabilities.includes('insert')) {
    throw new Refusal(400, `registry.ollama.ai/library/${fullNameOf(model)} does not support insert`)
  }
}

/** The prompt: what went before, then system and prompt in the model's template or the request's own. */
const render = (model: Model, request: GenerateRequest, prompt: string): string => {
  const { system = '', template = '', context = [] } = request
  const before = context.map(token => tokenText(token)).join('')
  if (template !== '') return before + renderTemplate(template, { system, prompt })
  const messages = [
    ...(system === '' ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: prompt },
  ]
  return before + renderChat(model, messages)
}
