import type { GeneratingEndpoint } from '../../wire/endpoints.ts'
import { bytesOf } from '../bytes.ts'
import { type AnswerHeaders, answerForm, KeptBytes, PieceSplitter } from '../pieces.ts'
import type { PieceFold } from './answer-pieces.ts'
import { isError, parseObject } from './fields.ts'

export interface AnswerFold {
  /** Takes the next bytes of the body. Of a stream it keeps what was said, and the line that has begun. */
  push(bytes: Uint8Array): void
  /** The reply that came so far; undefined when none did, or something that is no reply. */
  result(): Record<string, unknown> | undefined
}

/**
 * Makes of a streamed answer the reply that the endpoint gives when it does not stream. A reply that came as one
 * JSON object stays as it is; of a stream that was cut off there is what had come. There is nothing of one that has
 * an error in it, or what is not JSON. Whatever the bytes are, it does not throw.
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
  return { push: () => undefined, result: () => undefined }
}

/** Far beyond what a reply is. */
const LONGEST_BYTES = 64 * 1024 * 1024

class PiecesFold implements AnswerFold {
  readonly #pieces: PieceSplitter
  readonly #fold: PieceFold
  #isBroken = false

  constructor(form: 'lines' | 'events', fold: PieceFold) {
    this.#fold = fold
    this.#pieces = new PieceSplitter(form, LONGEST_BYTES, piece => this.#take(piece))
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
  }

  result(): Record<string, unknown> | undefined {
    // The last line needs no line feed. One that broke off is not a broken answer.
    if (parseObject(this.#pieces.begun() ?? '')) this.#pieces.push(bytesOf('\n'))
    return this.#isBroken ? undefined : this.#fold.result()
  }

  #take(text: string): void {
    if (this.#isBroken || text === '[DONE]') return
    const piece = parseObject(text)
    if (piece === undefined || isError(piece)) this.#isBroken = true
    else this.#fold.add(piece)
  }
}

class JsonFold implements AnswerFold {
  readonly #body = new KeptBytes(LONGEST_BYTES)

  push(bytes: Uint8Array): void {
    this.#body.add(bytes)
  }

  result(): Record<string, unknown> | undefined {
    return parseObject(this.#body.text() ?? '')
  }
}
