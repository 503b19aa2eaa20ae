import { joined } from '../answer/bytes.ts'
import type { Piece } from '../answer/fold/answer-pieces.ts'
import { ContinuedMessage } from './continued-message.ts'
import { chatCompletionChunk, event, nativeLine, oneChoice, type Waiting } from './heartbeats.ts'

/** How a caller is shown in a stream, before the answer, how long it waits. */
export interface ShownWait {
  /** What comes before the first words. */
  readonly begin?: (waiting: Waiting) => Uint8Array
  /** The words, in a piece of the dialect. */
  readonly say: (words: string, waiting: Waiting) => Uint8Array
  /** What comes behind the last words: right before the answer, an error or the end. */
  readonly end?: (waiting: Waiting) => Uint8Array
  /** Makes an event stream fit behind the words. Undefined: it does as it is. */
  readonly rewrite?: () => ContinuedMessage
}

/** A field of Open WebUI in a chunk without choices. Other clients pass over both. */
const statusChunk = (data: Piece, waiting: Waiting): Uint8Array =>
  chatCompletionChunk({ choices: [], event: { type: 'status', data } }, waiting)

export const chatCompletionStatus: ShownWait = {
  say: (words, waiting) => statusChunk({ description: words, done: false }, waiting),
  end: waiting => statusChunk({ description: '', done: true, hidden: true }, waiting),
}

/** Clients join the pieces of a text, so each piece of words is a line. */
const lineOf = (words: string): string => `${words}\n`

export const chatThinking: ShownWait = {
  say: (words, waiting) =>
    nativeLine({ message: { role: 'assistant', content: '', thinking: lineOf(words) } }, waiting),
}

export const generateThinking: ShownWait = {
  say: (words, waiting) => nativeLine({ response: '', thinking: lineOf(words) }, waiting),
}

export const chatCompletionThinking: ShownWait = {
  say: (words, waiting) =>
    chatCompletionChunk(oneChoice({ delta: { content: '', reasoning: lineOf(words) } }), waiting),
}

const messageEvent = (type: string, fields: Piece): Uint8Array => event({ type, ...fields }, type)

const emptyMessage = ({ id, model }: Waiting): Piece => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 0, output_tokens: 0 },
})

/** Anthropic's clients know no thinking outside of a message and of a block of its content. */
export const messagesThinking: ShownWait = {
  begin: waiting =>
    joined([
      messageEvent('message_start', { message: emptyMessage(waiting) }),
      messageEvent('content_block_start', {
        index: 0,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      }),
    ]),
  say: words =>
    messageEvent('content_block_delta', {
      index: 0,
      delta: { type: 'thinking_delta', thinking: lineOf(words) },
    }),
  end: () => messageEvent('content_block_stop', { index: 0 }),
  rewrite: () => new ContinuedMessage(),
}
