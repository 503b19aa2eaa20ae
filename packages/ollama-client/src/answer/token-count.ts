import type { GeneratingEndpoint } from '../wire/endpoints.ts'
import type { Piece, TokenUsage } from './fold/answer-pieces.ts'
import { parseObject } from './fold/fields.ts'
import { type AnswerHeaders, answerForm, KeptBytes, PieceSplitter } from './pieces.ts'

export interface TokenCount {
  /** Takes the next bytes of the body. At most one line of it is kept. */
  push(bytes: Uint8Array): void
  /** The number of pieces so far with text, thinking or a tool call. A stream has about one for each token. */
  readonly tokens: number
  /** The usage that the answer itself has reported so far. */
  usage(): TokenUsage | undefined
}

type Reading = Pick<GeneratingEndpoint, 'isGenerated' | 'usageIn'>

/**
 * Counts the tokens of an answer while it arrives.
 * @param headers the headers of the answer. Its content type says in which form it is
 */
export const countTokens = (headers: AnswerHeaders, endpoint: Reading): TokenCount => {
  const form = answerForm(headers)
  if (form === 'json') return new JsonCount(endpoint)
  if (form !== undefined) return new PiecesCount(form, endpoint)
  return { push: () => undefined, tokens: 0, usage: () => undefined }
}

/** A longer line or body is not read. */
const MAX_BYTES = 1024 * 1024

class PiecesCount implements TokenCount {
  readonly #endpoint: Reading
  readonly #pieces: PieceSplitter
  #tokens = 0
  #usage: TokenUsage | undefined

  constructor(form: 'lines' | 'events', endpoint: Reading) {
    this.#endpoint = endpoint
    this.#pieces = new PieceSplitter(form, MAX_BYTES, piece => this.#take(piece))
  }

  get tokens(): number {
    return this.#tokens
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
  }

  usage(): TokenUsage | undefined {
    // The last line may have no line feed. To parse nothing would cost an exception.
    const begun = this.#pieces.begun()
    return begun ? this.#usageAfter(parseObject(begun)) : this.#usage
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
  readonly #body = new KeptBytes(MAX_BYTES)

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
