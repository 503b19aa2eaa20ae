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

/** A line before the answer in Ollama's own form. */
export const nativeLine = (content: Piece, { model, now }: Waiting): Uint8Array =>
  line({ model, created_at: new Date(now).toISOString(), ...content, done: false })

const native =
  (nothing: Piece): Heartbeat =>
  waiting =>
    isOllamaCommand(waiting) ? JSON_HEARTBEAT : nativeLine(nothing, waiting)

/** Seconds since the epoch. */
export const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** Whether a choice goes on behind this chunk. Behind its last chunk, an empty one would take its finish reason back. */
const goesOn = (last: Piece): boolean =>
  listIn(last, 'choices').some(choice => isObject(choice) && choice['finish_reason'] == null)

interface CompletionKind {
  readonly idPrefix: string
  readonly object: string
}

/** A chunk before the answer. */
const completionChunk = (
  { idPrefix, object }: CompletionKind,
  fields: Piece,
  { id, model, now }: Waiting,
): Uint8Array =>
  event({
    id: `${idPrefix}-${id}`,
    object,
    created: seconds(now),
    model,
    system_fingerprint: 'fp_ollama',
    ...fields,
  })

/** The choices of a chunk in which one choice says something and goes on. */
export const oneChoice = (says: Piece): Piece => ({
  choices: [{ index: 0, ...says, finish_reason: null }],
})

/** An id and a time stay the same in all chunks of a stream: behind a chunk of the target they are that chunk's. */
const completion =
  (kind: CompletionKind, nothing: Piece): Heartbeat =>
  waiting => {
    const { last } = waiting
    if (last === '[DONE]' || (last !== undefined && !goesOn(last))) return undefined
    return completionChunk(kind, { ...last, ...oneChoice(nothing) }, waiting)
  }

export const chatHeartbeat = native({ message: { role: 'assistant', content: '' } })
export const generateHeartbeat = native({ response: '' })
const CHAT_COMPLETION: CompletionKind = { idPrefix: 'chatcmpl', object: 'chat.completion.chunk' }
export const chatCompletionHeartbeat = completion(CHAT_COMPLETION, { delta: { content: '' } })
export const completionHeartbeat = completion({ idPrefix: 'cmpl', object: 'text_completion' }, { text: '' })

/** A chunk of `/v1/chat/completions` before the answer. */
export const chatCompletionChunk = (fields: Piece, waiting: Waiting): Uint8Array =>
  completionChunk(CHAT_COMPLETION, fields, waiting)

/** Anthropic's own. Its clients pass over it anywhere. */
export const messagesHeartbeat: Heartbeat = () => event({ type: 'ping' }, 'ping')
