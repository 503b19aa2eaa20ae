import { bytesOf } from '../answer/bytes.ts'
import type { Piece } from '../answer/fold/answer-pieces.ts'
import { textIn } from '../answer/fold/fields.ts'
import { event, type Heartbeat, seconds, type Waiting } from './heartbeats.ts'

/** What every response names. */
type Identity = Pick<Waiting, 'id' | 'model' | 'now'>

/** A response that has begun and has no output, with every field that the target sends. */
const emptyResponse = ({ id, model, now }: Identity): Piece => ({
  id: `resp_${id}`,
  object: 'response',
  created_at: seconds(now),
  completed_at: null,
  status: 'in_progress',
  background: false,
  error: null,
  frequency_penalty: 0,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  model,
  output: [],
  parallel_tool_calls: true,
  presence_penalty: 0,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: null,
  safety_identifier: null,
  service_tier: 'default',
  store: false,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
  usage: null,
})

const responseEvent = (type: string, fields: Piece): Uint8Array => event({ ...fields, type }, type)

/** Not an event: for clients that need none, and for the places where every event would change the response. */
const COMMENT = bytesOf(': keep-alive\n\n')

/**
 * OpenAI's own clients count bytes and not events. Their stream helpers refuse every event before the target's
 * `response.created`, and a `response.created` of foreman's own would have another id.
 */
const isOpenAiClient = ({ headers }: Waiting): boolean => headers['x-stainless-lang'] !== undefined

/**
 * Before the answer, `response.in_progress`, which also typed clients know. They do not know the `keepalive` that OpenAI sends.
 * The number is always 0, which no client takes for the place of a later event. In the answer, a delta without text:
 * `response.in_progress` would empty the response.
 */
export const responsesHeartbeat: Heartbeat = waiting => {
  const { last } = waiting
  if (last === '[DONE]' || isOpenAiClient(waiting)) return COMMENT
  if (last === undefined)
    return responseEvent('response.in_progress', { response: emptyResponse(waiting), sequence_number: 0 })
  const type = textIn(last, 'type')
  if (type === 'response.created' || type === 'response.in_progress')
    return responseEvent('response.in_progress', last)
  return type.endsWith('.delta') && typeof last['delta'] === 'string'
    ? responseEvent(type, { ...last, delta: '' })
    : COMMENT
}

/**
 * A response that has failed, with an `error` beside it: codex reads the first, and OpenAI's clients throw the second.
 *
 * @param error as OpenAI writes it
 */
export const responseFailed = (error: { readonly message: string }, waiting: Identity): Uint8Array => {
  const { message } = error
  const response = { ...emptyResponse(waiting), status: 'failed', error: { code: 'server_error', message } }
  return responseEvent('response.failed', { response, sequence_number: 0, error })
}
