import type { GeneratingEndpoint } from '../../wire/endpoints.ts'
import { bytesOf } from '../bytes.ts'
import { type AnswerHeaders, answerForm, KeptBytes, PieceSplitter } from '../pieces.ts'
import type { PieceFold } from './answer-pieces.ts'
import { OutOfBoundsError, parseWithinBounds } from './bounds.ts'
import { type Fields, isError } from './fields.ts'

export interface AnswerFold {
  /** Takes the next bytes of the body. Of a stream, the folded reply and the line that has not ended yet are kept. */
  push(bytes: Uint8Array): void
  /** The reply so far, undefined when nothing has arrived, or when the bytes are not a reply or are out of bounds. */
  result(): Record<string, unknown> | undefined
  /**
   * Whether `result()` found no reply because the answer nests deeper than `MAX_DEPTH` levels or has more than
   * `MAX_PARTS` objects, lists and fields.
   */
  readonly isOutOfBounds: boolean
}

/**
 * Turns a streaming answer into the reply that the endpoint sends when it does not stream. A reply that is already one JSON
 * object stays as it is. A stream that was cut off becomes the reply so far. A stream with an error or with something that is
 * not JSON becomes undefined. The fold never throws, whatever the bytes are.
 *
 * @param headers the headers of the answer. Its content type says in which form it is
 * @example
 * const fold = foldAnswer(headers, generatingEndpoint('/api/chat')!)
 * for await (const chunk of body) fold.push(chunk)
 * const reply = fold.result()
 */
export const foldAnswer = (
  headers: AnswerHeaders,
  { newFold }: Pick<GeneratingEndpoint, 'newFold'>,
): AnswerFold => {
  const form = answerForm(headers)
  if (form === 'json') return new JsonFold()
  if (form !== undefined) return new PiecesFold(form, newFold())
  return { push: () => undefined, result: () => undefined, isOutOfBounds: false }
}

/** Much longer than any reply. */
const MAX_BYTES = 64 * 1024 * 1024

/** What both kinds of answers do when they are out of bounds. */
abstract class BoundedFold implements AnswerFold {
  #isOutOfBounds = false

  get isOutOfBounds(): boolean {
    return this.#isOutOfBounds
  }

  abstract push(bytes: Uint8Array): void
  abstract result(): Fields | undefined

  /** @returns what `read` returns; undefined once something was out of bounds */
  protected within<T>(read: () => T): T | undefined {
    if (this.#isOutOfBounds) return undefined
    try {
      return read()
    } catch (error) {
      if (!(error instanceof OutOfBoundsError)) throw error
      this.#isOutOfBounds = true
      return undefined
    }
  }
}

class PiecesFold extends BoundedFold {
  readonly #pieces: PieceSplitter
  readonly #fold: PieceFold
  #isBroken = false

  constructor(form: 'lines' | 'events', fold: PieceFold) {
    super()
    this.#fold = fold
    this.#pieces = new PieceSplitter(form, MAX_BYTES, piece => this.within(() => this.#take(piece)))
  }

  override push(bytes: Uint8Array): void {
    if (!this.isOutOfBounds) this.#pieces.push(bytes)
  }

  override result(): Fields | undefined {
    return this.within(() => {
      // The last line may have no line feed. If it broke off, the pieces before it still count.
      if (parseWithinBounds(this.#pieces.begun() ?? '')) this.#pieces.push(bytesOf('\n'))
      return this.#isBroken ? undefined : this.#fold.result()
    })
  }

  #take(text: string): void {
    if (this.#isBroken || text === '[DONE]') return
    const piece = parseWithinBounds(text)
    if (piece === undefined || isError(piece)) this.#isBroken = true
    else this.#fold.add(piece)
  }
}

class JsonFold extends BoundedFold {
  readonly #body = new KeptBytes(MAX_BYTES)

  override push(bytes: Uint8Array): void {
    this.#body.add(bytes)
  }

  override result(): Fields | undefined {
    return this.within(() => parseWithinBounds(this.#body.text() ?? ''))
  }
}
