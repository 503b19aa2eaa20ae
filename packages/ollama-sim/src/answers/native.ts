import type { Exchange } from '../exchange.ts'
import { goJson } from '../go/encode.ts'
import type { Answering } from '../inference.ts'
import { silent, WholeAnswer, type AnsweredCall, type Piece } from '../model/answer.ts'
import { tokenize } from '../model/vocabulary.ts'
import { logprobsOf, opening } from '../wire/inference-route.ts'
import type { ChatRequest, GenerateRequest } from '../wire/requests.ts'

const NDJSON = 'application/x-ndjson'

/** The context of what is longer is only a part of it, so that an endless answer does not fill the memory. */
const CONTEXT_CHARS = 100_000

/** What `/api/chat` and `/api/generate` have in common. */
const nativeAnswer = (exchange: Exchange, request: ChatRequest | GenerateRequest) => {
  const { reply } = exchange
  return {
    streams: request.stream !== false,
    object: (fields: object) => reply.json(200, { ...opening(exchange, request), ...fields }),
    line: (fields: object) =>
      reply.chunk(`${goJson({ ...opening(exchange, request), ...fields })}\n`, NDJSON),
    logprobs: ({ tokens }: Piece) => {
      const logprobs = logprobsOf(tokens, request)
      return logprobs && { logprobs }
    },
    brokenLine: () => void reply.chunk('{"model":"plain","created_at\n', NDJSON),
    failed: (message: string) => void reply.chunk(`${goJson({ error: message })}\n`, NDJSON),
  }
}

/** Answers as `/api/chat` does. */
export const chatAnswer = (exchange: Exchange, request: ChatRequest): Answering => {
  const { object, line, logprobs, ...native } = nativeAnswer(exchange, request)
  const whole = new WholeAnswer()
  const empty = { role: 'assistant', content: '' }
  return {
    ...native,
    loaded: reason => object({ message: empty, done: true, done_reason: reason }),
    rendered: prompt =>
      object({ message: { role: '', content: '' }, done: false, _debug_info: { rendered_template: prompt } }),
    piece(piece) {
      if (native.streams) {
        return silent(piece) || line({ message: messageOf(piece), done: false, ...logprobs(piece) })
      }
      whole.add(piece)
      return true
    },
    done({ reason, metrics }) {
      const done = { done: true, done_reason: reason, ...logprobs(whole), ...metrics }
      if (!native.streams) return object({ message: messageOf(whole), ...done })
      line({ message: empty, ...done })
      exchange.reply.end()
    },
  }
}

const messageOf = ({ content, thinking, calls }: Piece) => {
  const spoken: { role: string; content: string; thinking?: string; tool_calls?: AnsweredCall[] } = {
    role: 'assistant',
    content,
  }
  if (thinking !== '') spoken.thinking = thinking
  if (calls.length > 0) spoken.tool_calls = calls
  return spoken
}

/** Answers as `/api/generate` does. */
export const generateAnswer = (exchange: Exchange, request: GenerateRequest): Answering => {
  const { object, line, logprobs, ...native } = nativeAnswer(exchange, request)
  const whole = new WholeAnswer()
  let said = ''
  const fields = ({ content, thinking }: Piece) => ({
    response: content,
    ...(thinking !== '' && { thinking }),
  })
  return {
    ...native,
    loaded: reason => object({ response: '', done: true, done_reason: reason }),
    rendered: prompt => object({ response: '', done: false, _debug_info: { rendered_template: prompt } }),
    piece(piece) {
      if (!request.raw && said.length < CONTEXT_CHARS) said += piece.text
      // Unlike a chat, it tells of the tags around a thought, with nothing in them.
      if (native.streams) return line({ ...fields(piece), done: false, ...logprobs(piece) })
      whole.add(piece)
      return true
    },
    done({ reason, metrics }, { prompt, model }) {
      const context = request.raw
        ? undefined
        : { context: tokenize((prompt + said).slice(-CONTEXT_CHARS), model.weights.seedWord) }
      const done = { ...fields(whole), done: true, done_reason: reason, ...context, ...metrics }
      if (!native.streams) return object({ ...done, ...logprobs(whole) })
      line(done)
      exchange.reply.end()
    },
  }
}
