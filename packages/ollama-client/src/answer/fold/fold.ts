import type { GeneratingEndpoint } from '../../wire/endpoints.ts'
import { bytesOf, textOf } from '../bytes.ts'
import { type AnswerHeaders, answerForm, KeptBytes, PieceSplitter } from '../pieces.ts'
import type { PieceFold } from './answer-pieces.ts'
import { bytesOfJson, type JsonText, objectText } from './json-text.ts'
import { isObjectText, OutOfBoundsError, type RawFields, readObject } from './raw-fields.ts'

export interface AnswerFold {
  /** Takes the next bytes of the body. Of a stream, the folded reply and the line that has not ended yet are kept. */
  push(bytes: Uint8Array): void
  /** The reply so far, undefined when nothing has arrived, or when the bytes are not a reply or are out of bounds. */
  result(): Record<string, unknown> | undefined
  /**
   * The reply so far as JSON, in parts. It is written from the bytes of the answer: a number of more than 15 digits, and
   * 1.0, stay as they are.
   */
  json(): Iterable<Uint8Array<ArrayBuffer>> | undefined
  /**
   * Whether there is no reply because the answer nests deeper than `MAX_DEPTH` levels, has a line of more than
   * `MAX_LINE_BYTES` bytes, or an object or list of more than `MAX_ENTRIES` fields or objects.
   */
  readonly isOutOfBounds: boolean
}

/**
 * Turns a streaming answer into the reply that the endpoint sends when it does not stream. A reply that is already one JSON
 * object stays as it is, and a text becomes an object with that text. A stream that was cut off becomes the reply so far. A
 * stream with an error or with something that is not JSON becomes undefined. The fold never throws, whatever the bytes are.
 *
 * @param headers the headers of the answer. Its content type says in which form it is
 * @example
 * const fold = foldAnswer(headers, generatingEndpoint('/api/chat')!)
 * for await (const chunk of body) fold.push(chunk)
 * const reply = fold.result()
 */
export const foldAnswer = (
  headers: AnswerHeaders,
  { newFold, mayBeText }: Pick<GeneratingEndpoint, 'newFold' | 'mayBeText'>,
): AnswerFold => {
  const form = answerForm(headers)
  if (mayBeText && form !== 'events') return new TextFold()
  if (form === 'json') return new JsonFold()
  if (form !== undefined) return new PiecesFold(form, newFold())
  return { push: () => undefined, result: () => undefined, json: () => undefined, isOutOfBounds: false }
}

/** A line is read in one go, which takes up to 80 ms. The longest lines have an image, or all of an answer of OpenAI's Responses API. */
export const MAX_LINE_BYTES = 3 * 1024 * 1024
/** Much longer than any reply. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** What both kinds of answers do when they are out of bounds. */
abstract class BoundedFold implements AnswerFold {
  #isOutOfBounds = false

  get isOutOfBounds(): boolean {
    return this.#isOutOfBounds
  }

  abstract push(bytes: Uint8Array): void
  protected abstract reply(): JsonText | undefined

  json(): Iterable<Uint8Array<ArrayBuffer>> | undefined {
    const reply = this.within(() => this.reply())
    return reply === undefined ? undefined : bytesOfJson(reply)
  }

  result(): Record<string, unknown> | undefined {
    const json = this.json()
    return json && (JSON.parse(textOf([...json])) as Record<string, unknown>)
  }

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
    this.#pieces = new PieceSplitter(form, MAX_LINE_BYTES, piece => this.within(() => this.#take(piece)))
  }

  override push(bytes: Uint8Array): void {
    if (!this.isOutOfBounds) this.#pieces.push(bytes)
  }

  protected override reply(): JsonText | undefined {
    // The last line may have no line feed. If it broke off, the pieces before it still count.
    const begun = this.#pieces.begun()
    if (begun !== undefined && readPiece(begun)) this.#pieces.push(bytesOf('\n'))
    return this.#isBroken || this.isOutOfBounds ? undefined : this.#fold.result()
  }

  #take(text: string): void {
    if (this.#isBroken || text === '[DONE]') return
    const piece = readPiece(text)
    if (piece === undefined || isRawError(piece)) this.#isBroken = true
    else this.#fold.add(piece)
  }
}

const readPiece = (text: string): RawFields | undefined => {
  if (text === '') throw new OutOfBoundsError('the line is too long')
  return readObject(text)
}

/** The same as `isError` in fields.ts, for fields that are still JSON text. */
const isRawError = (piece: RawFields): boolean => (piece.get('error') ?? 'null') !== 'null'

/** An answer that is no stream. */
abstract class WholeFold extends BoundedFold {
  readonly #body = new KeptBytes(MAX_BODY_BYTES)

  override push(bytes: Uint8Array): void {
    this.#body.add(bytes)
  }

  protected override reply(): JsonText | undefined {
    const text = this.#body.text()
    if (!text) return undefined
    return isObjectText(text) ? text : this.replyOf(text)
  }

  /** The reply of a body that is not a JSON object. */
  protected abstract replyOf(text: string): JsonText | undefined
}

class JsonFold extends WholeFold {
  protected override replyOf(): undefined {
    return undefined
  }
}

class TextFold extends WholeFold {
  protected override replyOf(text: string): JsonText {
    return objectText([['text', JSON.stringify(text)]])
  }
}
