import { randomInt } from 'node:crypto'
import type { Exchange } from '../exchange.ts'
import { goJson } from '../go/encode.ts'
import type { Answering, Finished, Metrics } from '../inference.ts'
import { silent, WholeAnswer, type Piece } from '../model/answer.ts'
import { PLAIN_JSON, type Reply } from '../reply.ts'
import { EventStream } from './sse.ts'

export interface OpenAiShape {
  model: string
  streams: boolean
  includeUsage: boolean
}

const DONE = '[DONE]'

/** JSON of the OpenAI routes ends with a line feed. */
export const sendOpenAi = (reply: Reply, value: unknown): void => {
  reply.body(200, PLAIN_JSON, `${goJson(value)}\n`)
}

const usageOf = ({ prompt_eval_count: read, eval_count: said }: Metrics) => ({
  prompt_tokens: read,
  completion_tokens: said,
  total_tokens: read + said,
})

const toolCalls = ({ calls }: Piece) => {
  if (calls.length === 0) return undefined
  const tool_calls = calls.map(({ id, function: { index, name, arguments: given } }) => ({
    id,
    index,
    type: 'function',
    function: { name, arguments: goJson(given) },
  }))
  return { tool_calls }
}

const message = (piece: Piece) => {
  const reasoning = piece.thinking === '' ? undefined : { reasoning: piece.thinking }
  return { role: 'assistant', content: piece.content, ...reasoning, ...toolCalls(piece) }
}

/** Answers as `/v1/chat/completions` does. */
export const chatCompletionAnswer = ({ reply, clock }: Exchange, shape: OpenAiShape): Answering => {
  const events = new EventStream(reply)
  const whole = new WholeAnswer()
  const id = `chatcmpl-${randomInt(999)}`
  const created = Math.floor(clock.now() / 1000)
  let called = false
  const object = (kind: string, fields: object, model = shape.model) => {
    return { id, object: kind, created, model, system_fingerprint: 'fp_ollama', ...fields }
  }
  const chunk = (delta: object, finish: string | null, model?: string) =>
    object('chat.completion.chunk', { choices: [{ index: 0, delta, finish_reason: finish }] }, model)
  return {
    streams: shape.streams,
    piece(piece) {
      called ||= piece.calls.length > 0
      if (shape.streams) return silent(piece) || events.data(chunk(message(piece), null))
      whole.add(piece)
      return true
    },
    done({ reason, metrics }) {
      const finish = called ? 'tool_calls' : reason
      const usage = usageOf(metrics)
      if (!shape.streams) {
        const choices = [{ index: 0, message: message(whole), finish_reason: finish }]
        return sendOpenAi(reply, object('chat.completion', { choices, usage }))
      }
      const counted = shape.includeUsage ? [object('chat.completion.chunk', { choices: [], usage })] : []
      events.data(chunk({ role: 'assistant', content: '' }, finish), ...counted, DONE)
      reply.end()
    },
    brokenLine: () => events.brokenLine(),
    // Ollama takes its own error line for an answer without words.
    failed: () => void events.data(chunk({ role: 'assistant', content: '' }, null, '')),
  }
}

/** Answers as `/v1/completions` does. */
export const completionAnswer = ({ reply, clock }: Exchange, shape: OpenAiShape): Answering => {
  const events = new EventStream(reply)
  const whole = new WholeAnswer()
  const head = {
    id: `cmpl-${randomInt(999)}`,
    object: 'text_completion',
    created: Math.floor(clock.now() / 1000),
  }
  const source = { model: shape.model, system_fingerprint: 'fp_ollama' }
  const choices = (text: string, finish: string | null) => [{ text, index: 0, finish_reason: finish }]
  const noUsage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const chunk = (text: string, finish: string | null, from = source) => {
    const usage = shape.includeUsage ? { usage: noUsage } : undefined
    return { ...head, choices: choices(text, finish), ...from, ...usage }
  }
  const finished = ({ reason, metrics }: Finished) => {
    const usage = usageOf(metrics)
    if (!shape.streams) {
      return sendOpenAi(reply, { ...head, ...source, choices: choices(whole.content, reason), usage })
    }
    const counted = shape.includeUsage ? [{ ...head, choices: [], ...source, usage }] : []
    events.data(chunk('', reason), ...counted, DONE)
    reply.end()
  }
  return {
    streams: shape.streams,
    loaded: reason => {
      const metrics = { prompt_eval_count: 0, eval_count: 0 } as Metrics
      finished({ reason: reason as Finished['reason'], metrics })
    },
    piece(piece) {
      if (shape.streams) return piece.content === '' || events.data(chunk(piece.content, null))
      whole.add(piece)
      return true
    },
    done: finished,
    brokenLine: () => events.brokenLine(),
    failed: () => void events.data(chunk('', null, { ...source, model: '' })),
  }
}
