import { randomBytes } from 'node:crypto'
import type { Exchange } from '../exchange.ts'
import { goJson } from '../go/encode.ts'
import type { Answering, Finished } from '../inference.ts'
import { WholeAnswer, type Piece } from '../model/answer.ts'
import { PLAIN_JSON } from '../reply.ts'
import { EventStream } from './sse.ts'

export interface AnthropicShape {
  model: string
  streams: boolean
  /** What the first event says before anything was counted. */
  estimatedInputTokens: number
}

type Block = { type: 'thinking' | 'text'; text: string } | { type: 'tool_use'; call: Piece['calls'][number] }

/** The blocks of a piece, in the order in which they are told. */
const blocksOf = ({ thinking, content, calls }: Piece): Block[] => {
  const blocks: Block[] = []
  if (thinking !== '') blocks.push({ type: 'thinking', text: thinking })
  if (content !== '') blocks.push({ type: 'text', text: content })
  for (const call of calls) blocks.push({ type: 'tool_use', call })
  return blocks
}

const stopReason = ({ reason }: Finished, called: boolean): string => {
  if (called) return 'tool_use'
  return reason === 'length' ? 'max_tokens' : 'end_turn'
}

/** Answers as `/v1/messages` does. */
export const messageAnswer = ({ reply }: Exchange, shape: AnthropicShape): Answering => {
  const id = `msg_${randomBytes(12).toString('hex')}`
  const head = { id, type: 'message', role: 'assistant', model: shape.model }
  const blocks = new BlockStream(new EventStream(reply, { 'Cache-Control': 'no-cache' }))
  const whole = new WholeAnswer()
  let called = false
  const start = () => {
    const usage = { input_tokens: shape.estimatedInputTokens, output_tokens: 0 }
    blocks.start({ ...head, content: [], usage })
  }
  return {
    streams: shape.streams,
    piece(piece) {
      called ||= piece.calls.length > 0
      whole.add(shape.streams ? { ...piece, text: '', content: '', thinking: '', tokens: [] } : piece)
      if (!shape.streams) return true
      start()
      return blocksOf(piece)
        .map(block => blocks.write(block))
        .every(Boolean)
    },
    done(finished) {
      const { prompt_eval_count: read, eval_count: said } = finished.metrics
      const usage = { input_tokens: read, output_tokens: said }
      const stop_reason = stopReason(finished, called)
      if (shape.streams) {
        start()
        blocks.end({ stop_reason }, usage)
        return reply.end()
      }
      const content = blocksOf(whole).map(block => {
        if (block.type !== 'tool_use') return { type: block.type, [block.type]: block.text }
        const { id: callId, function: tool } = block.call
        return { type: 'tool_use', id: callId, name: tool.name, input: tool.arguments }
      })
      reply.body(200, PLAIN_JSON, `${goJson({ ...head, content, stop_reason, usage })}\n`)
    },
    brokenLine: () => blocks.events.brokenLine(),
    failed: () => {},
  }
}

/** Content blocks as events: what follows a block of the same kind goes on with it. */
class BlockStream {
  readonly events: EventStream
  #started = false
  #open: Block['type'] | undefined
  #index = -1

  constructor(events: EventStream) {
    this.events = events
  }

  start(message: object): void {
    if (this.#started) return
    this.#started = true
    this.events.event('message_start', { type: 'message_start', message })
  }

  write(block: Block): boolean {
    if (block.type === 'tool_use') {
      const { id, function: called } = block.call
      this.#begin('tool_use', { type: 'tool_use', id, name: called.name, input: {} })
      return this.#delta({ type: 'input_json_delta', partial_json: goJson(called.arguments) })
    }
    if (this.#open !== block.type) this.#begin(block.type, { type: block.type, [block.type]: '' })
    return this.#delta({ type: `${block.type}_delta`, [block.type]: block.text })
  }

  end(delta: object, usage: object): void {
    this.#stop()
    this.events.event('message_delta', { type: 'message_delta', delta, usage })
    this.events.event('message_stop', { type: 'message_stop' })
  }

  #begin(type: Block['type'], content_block: object): void {
    this.#stop()
    this.#open = type
    this.#index++
    this.events.event('content_block_start', {
      type: 'content_block_start',
      index: this.#index,
      content_block,
    })
  }

  #delta(delta: object): boolean {
    return this.events.event('content_block_delta', {
      type: 'content_block_delta',
      index: this.#index,
      delta,
    })
  }

  #stop(): void {
    if (this.#open === undefined) return
    this.#open = undefined
    this.events.event('content_block_stop', { type: 'content_block_stop', index: this.#index })
  }
}
