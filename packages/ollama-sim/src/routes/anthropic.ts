import { messageAnswer } from '../answers/anthropic.ts'
import type { Exchange } from '../exchange.ts'
import { findModel, type SimContext } from '../sim-context.ts'
import {
  estimateTokens,
  messagesRequest,
  messagesToChat,
  type MessagesRequest,
} from '../wire/anthropic-requests.ts'
import { readForeignBody } from '../wire/inference-route.ts'
import { converse } from './chat.ts'

/** POST /v1/messages */
export const messages = async (context: SimContext, exchange: Exchange): Promise<void> => {
  const request = readForeignBody<MessagesRequest>(exchange, messagesRequest)
  const { model = '', stream = false } = request
  const thinks = findModel(context, model)?.capabilities.includes('thinking') === true
  const chat = messagesToChat(request, thinks)
  exchange.stage = 'handler'
  const shape = { model, streams: stream, estimatedInputTokens: estimateTokens(request) }
  await converse(context, exchange, chat, messageAnswer(exchange, shape))
}
