import type { GeneratingEndpoint } from '../wire/endpoints.ts'
import type { Piece, TokenUsage } from './fold/answer-pieces.ts'
import { parseObject } from './fold/fields.ts'
import { type AnswerHeaders, answerForm, KeptBytes, PieceSplitter } from './pieces.ts'

export interface TokenCount {
  /** Takes the next bytes of the body. Keeps one line of them at the most. */
  push(bytes: Uint8Array): void
  /** Pieces so far that carry text, thinking or a tool call: about one for each token of a stream. */
  readonly tokens: number
  /** What the answer itself has reported so far. */
  usage(): TokenUsage | undefined
}

type Reading = Pick<GeneratingEndpoint, 'isGenerated' | 'usageIn'>

/** @param headers of the answer: its content type says in which form it is */
export const countTokens = (headers: AnswerHeaders, endpoint: Reading): TokenCount => {
  const form = answerForm(headers)
  if (form === 'json') return new JsonCount(endpoint)
  if (form !== undefined) return new PiecesCount(form, endpoint)
  return { push: () => undefined, tokens: 0, usage: () => undefined }
}

/** What is longer is not looked into. */
const LONGEST_BYTES = 1024 * 1024

class PiecesCount implements TokenCount {
  readonly #endpoint: Reading
  readonly #pieces: PieceSplitter
  #tokens = 0
  #usage: TokenUsage | undefined

  constructor(form: 'lines' | 'events', endpoint: Reading) {
    this.#endpoint = endpoint
    this.#pieces = new PieceSplitter(form, LONGEST_BYTES, piece => this.#take(piece))
  }

  get tokens(): number {
    return this.#tokens
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
  }

  usage(): TokenUsage | undefined {
    // The last line needs no line feed.
    return this.#usageAfter(parseObject(this.#pieces.begun() ?? ''))
  }

  #take(text: string): void {
    const piece = text === '[DONE]' ? undefined : parseObject(text)
    if (piece === undefined) return
    if (this.#endpoint.isGenerated(piece)) this.#tokens++
    this.#usage = this.#usageAfter(piece)
  }

  #usageAfter(piece: Piece | undefined): TokenUsage | undefined {
    const usage = piece && this.#endpoint.usageIn(piece)
    return usage ? { ...this.#usage, ...usage } : this.#usage
  }
}

class JsonCount implements TokenCount {
  readonly tokens = 0
  readonly #endpoint: Reading
  readonly #body = new KeptBytes(LONGEST_BYTES)

  constructor(endpoint: Reading) {
    this.#endpoint = endpoint
  }

  push(bytes: Uint8Array): void {
    this.#body.add(bytes)
  }

  usage(): TokenUsage | undefined {
    const reply = parseObject(this.#body.text() ?? '')
    return reply && this.#endpoint.usageIn(reply)
  }
}
