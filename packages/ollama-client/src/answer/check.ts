import type { GeneratingEndpoint } from '../wire/endpoints.ts'
import type { Piece } from './fold/answer-pieces.ts'
import { isError, parseObject } from './fold/fields.ts'
import { JsonObjectScan } from './json-object.ts'
import { type AnswerHeaders, answerForm, KeptBytes, PieceSplitter } from './pieces.ts'

/**
 * How an answer ended that is complete according to HTTP.
 * `whole`: its last piece says that it is complete. `own_error`: it ends with an error of the target.
 * `cut_short`: neither, so a part of it is missing. `unknown`: its content type has no mark for the end.
 */
export type Completeness = 'whole' | 'own_error' | 'cut_short' | 'unknown'

export interface AnswerCheck {
  /** Takes the next bytes of the body. At most two lines of it are kept. */
  push(bytes: Uint8Array): void
  /** The verdict if the body ended here. */
  verdict(): Completeness
  /**
   * Whether the answer has ended by its own last piece, so that it does not matter how its connection ends. An error of the
   * target is a last piece, too. A non-streaming reply is its own last piece; Ollama's own form of it says `done: true`.
   */
  hasEnded(): boolean
  /** The last piece of a stream whose line has ended, undefined when there is none or when the answer is no stream. */
  lastPiece(): Piece | '[DONE]' | undefined
}

/** What `checkAnswer` must know of a route. */
export type CheckedRoute = Pick<GeneratingEndpoint, 'isLastPiece' | 'saysDone' | 'mayBeText'>

/**
 * Checks, while an answer arrives, whether it is complete.
 *
 * @param headers the headers of the answer. Its content type says in which form it is
 * @example
 * const check = checkAnswer(headers, generatingEndpoint('/api/chat')!)
 * for await (const chunk of body) check.push(chunk)
 * if (check.verdict() === 'cut_short') throw new Error('the answer is incomplete')
 */
export const checkAnswer = (
  headers: AnswerHeaders,
  { isLastPiece, saysDone, mayBeText }: CheckedRoute,
): AnswerCheck => {
  const form = answerForm(headers)
  if (mayBeText && form !== 'events') return new TextCheck()
  if (form === 'json') return new JsonCheck(saysDone)
  if (form !== undefined) return new PiecesCheck(form, isLastPiece)
  return {
    push: () => undefined,
    verdict: () => 'unknown',
    hasEnded: () => false,
    lastPiece: () => undefined,
  }
}

/** The last line of a complete answer is never longer. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

/** A last piece is seldom longer. Whether a longer line has ended the answer is seen only when its line feed has come. */
const MAX_BEGUN_BYTES = 1024 * 1024
const pieceOf = (text: string): Piece | '[DONE]' | undefined => (text === '[DONE]' ? text : parseObject(text))

class PiecesCheck implements AnswerCheck {
  readonly #isLast: GeneratingEndpoint['isLastPiece']
  readonly #pieces: PieceSplitter
  /** The last piece whose line has ended. It is parsed only when somebody asks for what it says. */
  #last = ''
  #lastSays: Completeness | undefined

  constructor(form: 'lines' | 'events', isLast: GeneratingEndpoint['isLastPiece']) {
    this.#isLast = isLast
    this.#pieces = new PieceSplitter(form, MAX_LINE_BYTES, piece => {
      this.#last = piece
      this.#lastSays = undefined
    })
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
  }

  lastPiece(): Piece | '[DONE]' | undefined {
    return pieceOf(this.#last)
  }

  verdict(): Completeness {
    const begun = this.#pieces.begun()
    if (begun !== undefined) return this.#read(begun)
    this.#lastSays ??= this.#read(this.#last)
    return this.#lastSays
  }

  hasEnded(): boolean {
    return this.#pieces.begunBytes <= MAX_BEGUN_BYTES && this.verdict() !== 'cut_short'
  }

  #read(piece: string): Completeness {
    const last = pieceOf(piece)
    if (last === undefined) return 'cut_short'
    if (this.#isLast(last)) return 'whole'
    return last !== '[DONE]' && isError(last) ? 'own_error' : 'cut_short'
  }
}

/** Errors are shorter than this. A longer body is not parsed. */
const MAX_ERROR_BYTES = 64 * 1024

const isText = (byte: number): boolean => byte > 0x20

/** Ollama sends a text at once. When its model process dies, it sends an empty one. */
class TextCheck implements AnswerCheck {
  #hasText = false
  readonly #body = new KeptBytes(MAX_ERROR_BYTES)

  push(bytes: Uint8Array): void {
    this.#hasText ||= bytes.some(isText)
    this.#body.add(bytes)
  }

  lastPiece(): undefined {
    return undefined
  }

  /** Nothing in a text says that it ends. */
  hasEnded(): boolean {
    return false
  }

  verdict(): Completeness {
    if (!this.#hasText) return 'cut_short'
    const value = parseObject(this.#body.text() ?? '')
    return value && isError(value) ? 'own_error' : 'whole'
  }
}

/** Looks only at the brackets of the body, because the body can be too long to be parsed. */
class JsonCheck implements AnswerCheck {
  readonly #saysDone: boolean
  readonly #scan = new JsonObjectScan()
  readonly #body = new KeptBytes(MAX_ERROR_BYTES)

  constructor(saysDone: boolean) {
    this.#saysDone = saysDone
  }

  push(bytes: Uint8Array): void {
    this.#scan.push(bytes)
    this.#body.add(bytes)
  }

  lastPiece(): undefined {
    return undefined
  }

  verdict(): Completeness {
    if (!this.#scan.isClosed) return 'cut_short'
    const value = parseObject(this.#body.text() ?? '')
    return value && isError(value) ? 'own_error' : 'whole'
  }

  hasEnded(): boolean {
    const isWhole = this.#saysDone ? this.#scan.isDone : this.#scan.isClosed
    return isWhole || this.verdict() === 'own_error'
  }
}
