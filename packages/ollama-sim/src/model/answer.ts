import { randomBytes } from 'node:crypto'
import type { Step } from './speech.ts'

export interface AnsweredCall {
  id: string
  function: { index: number; name: string; arguments: unknown }
}

/** What a step means to the caller once thoughts and tool calls are taken out of the text. */
export interface Piece {
  /** As the model said it, tags included. */
  text: string
  content: string
  thinking: string
  calls: AnsweredCall[]
  tokens: number[]
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** `call_` and eight letters or digits. */
const callId = (): string =>
  `call_${[...randomBytes(8)].map(byte => LETTERS[byte % LETTERS.length]).join('')}`

/** Sorts a model's words: the thought between its tags, tool calls between theirs, and the answer itself. */
export class AnswerParser {
  #state: 'answer' | 'thought' | 'call' = 'answer'
  #call = ''
  #calls = 0
  readonly #thinking: boolean
  readonly #tools: boolean

  constructor({ thinking, tools }: { thinking: boolean; tools: boolean }) {
    this.#thinking = thinking
    this.#tools = tools
  }

  read({ text, tokens }: Step): Piece {
    const piece: Piece = { text, content: '', thinking: '', calls: [], tokens }
    if (this.#thinking && text === '<think>') this.#state = 'thought'
    else if (this.#thinking && text === '</think>') this.#state = 'answer'
    else if (this.#tools && text === '<tool_call>') this.#state = 'call'
    else if (this.#tools && text === '</tool_call>') this.#state = 'answer'
    else if (this.#state === 'thought') piece.thinking = text
    else if (this.#state === 'call') this.#readCall(text, piece)
    else piece.content = text
    return piece
  }

  #readCall(text: string, piece: Piece): void {
    this.#call += text
    let call: { name: string; arguments: unknown }
    try {
      call = JSON.parse(this.#call) as typeof call
    } catch {
      return
    }
    this.#call = ''
    piece.calls.push({
      id: callId(),
      function: { index: this.#calls++, name: call.name, arguments: call.arguments },
    })
  }
}

/** The pieces of an answer put together. */
export class WholeAnswer implements Piece {
  text = ''
  content = ''
  thinking = ''
  readonly calls: AnsweredCall[] = []
  readonly tokens: number[] = []

  add(piece: Piece): void {
    this.text += piece.text
    this.content += piece.content
    this.thinking += piece.thinking
    this.calls.push(...piece.calls)
    this.tokens.push(...piece.tokens)
  }
}

/** Whether a piece is nothing to tell: a tag, or half a tool call. */
export const silent = ({ content, thinking, calls }: Piece): boolean =>
  content === '' && thinking === '' && calls.length === 0
