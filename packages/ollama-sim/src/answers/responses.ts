import { randomInt } from 'node:crypto'
import type { Exchange } from '../exchange.ts'
import { goJson } from '../go/encode.ts'
import type { Answering, Metrics } from '../inference.ts'
import { WholeAnswer, type AnsweredCall } from '../model/answer.ts'
import type { ResponsesRequest } from '../wire/responses-requests.ts'
import { sendOpenAi } from './openai.ts'
import { EventStream } from './sse.ts'

/** Answers as `/v1/responses` does. Stream events have their keys sorted, a whole answer has them in Ollama's order. */
export const responseAnswer = (exchange: Exchange, request: ResponsesRequest): Answering => {
  const { reply, clock } = exchange
  const id = `resp_${randomInt(999_999)}`
  const createdAt = Math.floor(exchange.startedAtMs / 1000)
  const stream = new ResponseStream(new EventStream(reply, { 'Cache-Control': 'no-cache' }), request, {
    id,
    createdAt,
  })
  const streams = request.stream === true
  const whole = new WholeAnswer()
  return {
    streams,
    piece(piece) {
      whole.add(piece)
      if (!streams) return true
      let more = stream.begin()
      if (piece.thinking !== '') more = stream.think(piece.thinking)
      if (piece.content !== '') more = stream.say(piece.content)
      for (const call of piece.calls) more = stream.call(call)
      return more
    },
    done({ metrics }) {
      const completedAt = Math.floor(clock.now() / 1000)
      if (!streams)
        return sendOpenAi(reply, wholeResponse(request, whole, metrics, { id, createdAt, completedAt }))
      stream.begin()
      stream.end(metrics, completedAt)
      reply.end()
    },
    brokenLine: () => stream.events.brokenLine(),
    failed: () => {},
  }
}

const settings = ({ temperature = 1, top_p: topP = 1 }: ResponsesRequest) => ({ temperature, topP })

const usageOf = ({ prompt_eval_count: read, eval_count: said }: Metrics) => ({
  input_tokens: read,
  output_tokens: said,
  total_tokens: read + said,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
})

const wholeResponse = (
  request: ResponsesRequest,
  { thinking, content, calls }: WholeAnswer,
  metrics: Metrics,
  { id, createdAt, completedAt }: { id: string; createdAt: number; completedAt: number },
) => {
  const { temperature, topP } = settings(request)
  const summary = [{ type: 'summary_text', text: thinking }]
  const text = [{ type: 'output_text', text: content, annotations: [], logprobs: [] }]
  const output: object[] = []
  if (thinking !== '') output.push({ id: `rs_${randomInt(999_999)}`, type: 'reasoning', summary })
  if (calls.length === 0) {
    const message = { type: 'message', status: 'completed', role: 'assistant', content: text }
    output.push({ id: `msg_${randomInt(999_999)}`, ...message })
  }
  for (const { id: callId, function: called } of calls) {
    const given = { call_id: callId, name: called.name, arguments: goJson(called.arguments) }
    output.push({ id: `fc_${randomInt(999_999)}`, type: 'function_call', status: 'completed', ...given })
  }
  return {
    id,
    object: 'response',
    created_at: createdAt,
    completed_at: completedAt,
    status: 'completed',
    incomplete_details: null,
    model: request.model,
    previous_response_id: null,
    instructions: request.instructions ?? null,
    output,
    error: null,
    tools: request.tools ?? [],
    tool_choice: 'auto',
    truncation: 'disabled',
    parallel_tool_calls: true,
    text: { format: { type: 'text' } },
    top_p: topP,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    temperature,
    reasoning: null,
    usage: usageOf(metrics),
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: null,
    store: false,
    background: false,
    service_tier: 'default',
    metadata: {},
    safety_identifier: null,
    prompt_cache_key: null,
  }
}

/** The events of a streamed response. */
class ResponseStream {
  readonly events: EventStream
  readonly #request: ResponsesRequest
  readonly #base: { id: string; createdAt: number }
  readonly #output: object[] = []
  #sequence = 0
  #open: { type: 'reasoning' | 'message'; id: string; text: string } | undefined

  constructor(events: EventStream, request: ResponsesRequest, base: { id: string; createdAt: number }) {
    this.events = events
    this.#request = request
    this.#base = base
  }

  begin(): boolean {
    if (this.#sequence > 0) return true
    this.#send('response.created', { response: this.#response('in_progress', null, null) })
    return this.#send('response.in_progress', { response: this.#response('in_progress', null, null) })
  }

  think(delta: string): boolean {
    if (this.#open?.type !== 'reasoning') {
      const id = this.#openItem('reasoning', 'rs')
      this.#added({ id, summary: [], type: 'reasoning' })
    }
    this.#open!.text += delta
    const place = { item_id: this.#open!.id, output_index: this.#output.length, summary_index: 0 }
    return this.#send('response.reasoning_summary_text.delta', { delta, ...place })
  }

  say(delta: string): boolean {
    if (this.#open?.type !== 'message') {
      const id = this.#openItem('message', 'msg')
      this.#added({ content: [], id, role: 'assistant', status: 'in_progress', type: 'message' })
      this.#send('response.content_part.added', { ...this.#part(), part: textPart('') })
    }
    this.#open!.text += delta
    return this.#send('response.output_text.delta', { ...this.#part(), delta, logprobs: [] })
  }

  call({ id: call_id, function: { name, arguments: given } }: AnsweredCall): boolean {
    this.#close()
    const item = { call_id, id: `fc_${randomInt(999_999)}`, name, type: 'function_call' }
    const place = { item_id: item.id, output_index: this.#output.length }
    const text = goJson(given)
    this.#added({ ...item, arguments: '', status: 'in_progress' })
    this.#send('response.function_call_arguments.delta', { ...place, delta: text })
    this.#send('response.function_call_arguments.done', { ...place, arguments: text })
    return this.#done({ ...item, arguments: text, status: 'completed' })
  }

  end(metrics: Metrics, completedAt: number): void {
    this.#close()
    this.#send('response.completed', { response: this.#response('completed', usageOf(metrics), completedAt) })
  }

  #openItem(type: 'reasoning' | 'message', prefix: string): string {
    this.#close()
    this.#open = { type, id: `${prefix}_${randomInt(999_999)}`, text: '' }
    return this.#open.id
  }

  #close(): void {
    if (this.#open === undefined) return
    const { type, id, text } = this.#open
    if (type === 'reasoning') {
      const place = { item_id: id, output_index: this.#output.length, summary_index: 0 }
      this.#send('response.reasoning_summary_text.done', { ...place, text })
      this.#done({ id, summary: [{ text, type: 'summary_text' }], type })
    } else {
      this.#send('response.output_text.done', { ...this.#part(), logprobs: [], text })
      this.#send('response.content_part.done', { ...this.#part(), part: textPart(text) })
      this.#done({ content: [textPart(text)], id, role: 'assistant', status: 'completed', type })
    }
    this.#open = undefined
  }

  #part() {
    return { content_index: 0, item_id: this.#open!.id, output_index: this.#output.length }
  }

  #added(item: object): void {
    this.#send('response.output_item.added', { item, output_index: this.#output.length })
  }

  #done(item: object): boolean {
    const more = this.#send('response.output_item.done', { item, output_index: this.#output.length })
    this.#output.push(item)
    return more
  }

  #response(status: string, usage: object | null, completedAt: number | null): object {
    const { temperature, topP } = settings(this.#request)
    return {
      background: false,
      completed_at: completedAt,
      created_at: this.#base.createdAt,
      error: null,
      frequency_penalty: 0,
      id: this.#base.id,
      incomplete_details: null,
      instructions: this.#request.instructions ?? null,
      max_output_tokens: this.#request.max_output_tokens ?? null,
      max_tool_calls: null,
      metadata: {},
      model: this.#request.model,
      object: 'response',
      output: this.#output,
      parallel_tool_calls: true,
      presence_penalty: 0,
      previous_response_id: null,
      prompt_cache_key: null,
      reasoning: null,
      safety_identifier: null,
      service_tier: 'default',
      status,
      store: false,
      temperature,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: this.#request.tools ?? [],
      top_logprobs: 0,
      top_p: topP,
      truncation: 'disabled',
      usage,
    }
  }

  #send(type: string, fields: object): boolean {
    return this.events.event(type, sorted({ ...fields, sequence_number: this.#sequence++, type }))
  }
}

const textPart = (text: string) => ({ annotations: [], logprobs: [], text, type: 'output_text' })

/** Keys in order, all the way down: Go writes maps like this. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, of]) => [key, sorted(of)]))
}
