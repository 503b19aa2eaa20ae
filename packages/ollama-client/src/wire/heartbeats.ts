import { bytesOf } from '../answer/bytes.ts'
import type { Piece } from '../answer/fold/answer-pieces.ts'
import { isObject, listIn } from '../answer/fold/fields.ts'

/** JSON may begin with any number of spaces. Some parsers would take a newline for a line of its own. */
export const JSON_HEARTBEAT = bytesOf(' ')

/** What a heartbeat in a stream depends on. */
export interface Waiting {
  /** The id of the job, as the last part of the ids that a dialect needs. */
  readonly id: string
  /** The model as the request names it. */
  readonly model: string
  /** The headers of the request, by their names in lower case. They tell which client waits. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The last piece of the answer that the caller has, undefined when it has none. */
  readonly last: Piece | '[DONE]' | undefined
  /** The current time in milliseconds. */
  readonly now: number
}

/**
 * Makes the bytes that keep a stream open: a valid piece of the dialect with nothing in it. Many clients parse each piece, and
 * count only pieces.
 *
 * @returns undefined where a piece would change what the pieces before it say
 */
export type Heartbeat = (waiting: Waiting) => Uint8Array | undefined

const line = (value: unknown): Uint8Array => bytesOf(`${JSON.stringify(value)}\n`)

/** An event of a stream. */
export const event = (data: unknown, name?: string): Uint8Array =>
  bytesOf(`${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`)

/**
 * `ollama run`, and every program that uses Ollama's Go client. The spinner of `ollama run` stops at the first line. Its
 * client reads whole lines, so that a space in front of the next line is enough.
 */
const isOllamaCommand = ({ headers }: Waiting): boolean => String(headers['user-agent']).startsWith('ollama/')

const native =
  (nothing: Piece): Heartbeat =>
  waiting => {
    if (isOllamaCommand(waiting)) return JSON_HEARTBEAT
    const { model, now } = waiting
    return line({ model, created_at: new Date(now).toISOString(), ...nothing, done: false })
  }

/** Seconds since the epoch. */
export const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** Whether a choice goes on behind this chunk. Behind its last chunk, an empty one would take its finish reason back. */
const goesOn = (last: Piece): boolean =>
  listIn(last, 'choices').some(choice => isObject(choice) && choice['finish_reason'] == null)

interface CompletionChunk {
  readonly idPrefix: string
  readonly object: string
  readonly nothing: Piece
}

/** An id and a time stay the same in all chunks of a stream: behind a chunk of the target they are that chunk's. */
const completion =
  ({ idPrefix, object, nothing }: CompletionChunk): Heartbeat =>
  ({ id, model, last, now }) => {
    if (last === '[DONE]' || (last !== undefined && !goesOn(last))) return undefined
    return event({
      id: `${idPrefix}-${id}`,
      object,
      created: seconds(now),
      model,
      system_fingerprint: 'fp_ollama',
      ...last,
      choices: [{ index: 0, ...nothing, finish_reason: null }],
    })
  }

export const chatHeartbeat = native({ message: { role: 'assistant', content: '' } })
export const generateHeartbeat = native({ response: '' })
export const chatCompletionHeartbeat = completion({
  idPrefix: 'chatcmpl',
  object: 'chat.completion.chunk',
  nothing: { delta: { content: '' } },
})
export const completionHeartbeat = completion({
  idPrefix: 'cmpl',
  object: 'text_completion',
  nothing: { text: '' },
})

/** Anthropic's own. Its clients pass over it anywhere. */
export const messagesHeartbeat: Heartbeat = () => event({ type: 'ping' }, 'ping')
