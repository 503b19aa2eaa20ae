import { chatCompletionAnswer, completionAnswer, sendOpenAi } from '../answers/openai.ts'
import { responseAnswer } from '../answers/responses.ts'
import type { Exchange } from '../exchange.ts'
import { fullNameOf, type Model } from '../model/catalogue.ts'
import { findModel, type SimContext } from '../sim-context.ts'
import { readForeignBody } from '../wire/inference-route.ts'
import {
  chatCompletionRequest,
  completionRequest,
  toChat,
  toGenerate,
  type ChatCompletionRequest,
  type CompletionRequest,
} from '../wire/openai-requests.ts'
import { Refusal } from '../wire/refusal.ts'
import { responsesRequest, responsesToChat, type ResponsesRequest } from '../wire/responses-requests.ts'
import { converse } from './chat.ts'
import { complete } from './generate.ts'
import { byAge } from './metadata.ts'

/** POST /v1/chat/completions */
export const chatCompletions = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readForeignBody<ChatCompletionRequest>(exchange, chatCompletionRequest)
  const chat = toChat(request)
  exchange.stage = 'handler'
  await converse(context, exchange, chat, chatCompletionAnswer(exchange, shapeOf(request)))
}

/** POST /v1/completions */
export const completions = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readForeignBody<CompletionRequest>(exchange, completionRequest)
  const generate = toGenerate(request)
  exchange.stage = 'handler'
  await complete(context, exchange, generate, completionAnswer(exchange, shapeOf(request)))
}

/** POST /v1/responses */
export const responses = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readForeignBody<ResponsesRequest>(exchange, responsesRequest)
  const chat = responsesToChat(request)
  exchange.stage = 'handler'
  await converse(context, exchange, chat, responseAnswer(exchange, request))
}

/** GET /v1/models */
export const listModels = ({ models }: SimContext, { reply }: Exchange): void => {
  const all = [...models.values()]
  sendOpenAi(reply, {
    object: 'list',
    data: all.length === 0 ? null : byAge(all).map(model => describe(model, fullNameOf(model))),
  })
}

/** GET /v1/models/:model */
export const showModel = (context: SimContext, exchange: Exchange): void => {
  const name = decodeURIComponent(exchange.request.url!.replace(/^.*\//, '').replace(/\?.*$/, ''))
  exchange.stage = 'handler'
  const model = findModel(context, name)
  if (model === undefined) throw new Refusal(404, `model '${name}' not found`)
  sendOpenAi(exchange.reply, describe(model, name))
}

const describe = ({ modifiedAtMs }: Model, id: string) => ({
  id,
  object: 'model',
  created: Math.floor(modifiedAtMs / 1000),
  owned_by: 'library',
})

const shapeOf = ({
  model = '',
  stream = false,
  stream_options: options,
}: ChatCompletionRequest | CompletionRequest) => ({
  model,
  streams: stream,
  includeUsage: options?.include_usage === true,
})
