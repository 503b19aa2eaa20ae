import type { GeneratingEndpoint } from '../wire/endpoints.ts'
import { CLOSE_BRACE, OPEN_BRACE } from '../wire/json-characters.ts'
import { isError, parseObject } from './fold/fields.ts'
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
}

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
  { isLastPiece }: Pick<GeneratingEndpoint, 'isLastPiece'>,
): AnswerCheck => {
  const form = answerForm(headers)
  if (form === 'json') return new JsonCheck()
  if (form !== undefined) return new PiecesCheck(form, isLastPiece)
  return { push: () => undefined, verdict: () => 'unknown' }
}

/** The last line of a complete answer is never longer. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

class PiecesCheck implements AnswerCheck {
  readonly #isLast: GeneratingEndpoint['isLastPiece']
  readonly #pieces: PieceSplitter
  /** The last piece whose line has ended. It is parsed only when the verdict is asked for. */
  #last = ''

  constructor(form: 'lines' | 'events', isLast: GeneratingEndpoint['isLastPiece']) {
    this.#isLast = isLast
    this.#pieces = new PieceSplitter(form, MAX_LINE_BYTES, piece => {
      this.#last = piece
    })
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
  }

  verdict(): Completeness {
    const piece = this.#pieces.begun() ?? this.#last
    const last = piece === '[DONE]' ? piece : parseObject(piece)
    if (last === undefined) return 'cut_short'
    if (this.#isLast(last)) return 'whole'
    return last !== '[DONE]' && isError(last) ? 'own_error' : 'cut_short'
  }
}

const isText = (byte: number): boolean => byte > 0x20

const BYTE_ORDER_MARK: ReadonlySet<number> = new Set([0xef, 0xbb, 0xbf])

const isBeginning = (byte: number): boolean => isText(byte) && !BYTE_ORDER_MARK.has(byte)

/** Errors are shorter than this. A longer body is not parsed. */
const MAX_ERROR_BYTES = 64 * 1024

/** Checks the first and the last byte, because the body can be too long to be parsed. */
class JsonCheck implements AnswerCheck {
  #first: number | undefined
  #last: number | undefined
  readonly #body = new KeptBytes(MAX_ERROR_BYTES)

  push(bytes: Uint8Array): void {
    this.#first ??= bytes.find(isBeginning)
    this.#last = bytes.findLast(isText) ?? this.#last
    this.#body.add(bytes)
  }

  verdict(): Completeness {
    if (this.#first !== OPEN_BRACE || this.#last !== CLOSE_BRACE) return 'cut_short'
    const value = parseObject(this.#body.text() ?? '')
    return value && isError(value) ? 'own_error' : 'whole'
  }
}
