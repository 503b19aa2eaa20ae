import type { GeneratingEndpoint } from './endpoints.ts'

/**
 * How an answer ended that arrived in full, as far as HTTP can tell.
 * `whole`: it says itself that it is complete. `own_error`: it ends with the target's own error.
 * `cut_short`: neither, so it is no answer. `unknown`: not in a form that could say.
 */
export type Completeness = 'whole' | 'own_error' | 'cut_short' | 'unknown'

export interface AnswerCheck {
  /** Takes the next bytes of the body. Keeps two lines of them at the most. */
  push(bytes: Uint8Array): void
  /** The verdict on what came so far, as if it were the end of the body. */
  verdict(): Completeness
}

/** @param headers of the answer: its content type says in which form it is */
export const checkAnswer = (
  headers: readonly (readonly [name: string, value: string])[],
  { isLastPiece }: Pick<GeneratingEndpoint, 'isLastPiece'>,
): AnswerCheck => {
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1].toLowerCase() ?? ''
  if (contentType.startsWith('application/x-ndjson')) return new PiecesCheck(isLastPiece, line => line)
  if (contentType.startsWith('text/event-stream')) return new PiecesCheck(isLastPiece, eventData)
  if (contentType.startsWith('application/json')) return new JsonCheck()
  return { push: () => undefined, verdict: () => 'unknown' }
}

const LINE_FEED = 0x0a

const isText = (byte: number): boolean => byte > 0x20

const DATA = 'data:'

/** Of an event stream only the data count. */
const eventData = (line: string): string | undefined =>
  line.startsWith(DATA) ? line.slice(DATA.length) : undefined

/** A stream of pieces, one a line. */
class PiecesCheck implements AnswerCheck {
  readonly #isLast: GeneratingEndpoint['isLastPiece']
  readonly #pieceIn: (line: string) => string | undefined
  /** The last whole line that holds a piece. */
  #last: string | undefined
  /** The line that has begun. */
  #line: Uint8Array[] = []

  constructor(isLast: GeneratingEndpoint['isLastPiece'], pieceIn: (line: string) => string | undefined) {
    this.#isLast = isLast
    this.#pieceIn = pieceIn
  }

  push(bytes: Uint8Array): void {
    let rest = bytes
    for (let feed = rest.indexOf(LINE_FEED); feed !== -1; feed = rest.indexOf(LINE_FEED)) {
      this.#line.push(rest.subarray(0, feed))
      this.#last = this.#begun() ?? this.#last
      this.#line = []
      rest = rest.subarray(feed + 1)
    }
    if (rest.byteLength > 0) this.#line.push(rest)
  }

  #begun(): string | undefined {
    const piece = this.#pieceIn(Buffer.concat(this.#line).toString())?.trim()
    return piece === '' ? undefined : piece
  }

  verdict(): Completeness {
    const piece = this.#begun() ?? this.#last ?? ''
    const last = piece === '[DONE]' ? piece : parseObject(piece)
    if (last === undefined) return 'cut_short'
    if (this.#isLast(last)) return 'whole'
    return last !== '[DONE]' && isError(last) ? 'own_error' : 'cut_short'
  }
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** An error is short. */
const LONGEST_ERROR_BYTES = 64 * 1024

/** The body may be too long to be parsed: its first and its last byte tell enough. */
class JsonCheck implements AnswerCheck {
  #first: number | undefined
  #last: number | undefined
  #beginning: Uint8Array[] = []
  #length = 0

  push(bytes: Uint8Array): void {
    this.#first ??= bytes.find(isText)
    this.#last = bytes.findLast(isText) ?? this.#last
    this.#length += bytes.byteLength
    if (this.#length <= LONGEST_ERROR_BYTES) this.#beginning.push(bytes)
    else this.#beginning = []
  }

  verdict(): Completeness {
    if (this.#first !== OPEN_BRACE || this.#last !== CLOSE_BRACE) return 'cut_short'
    const value = parseObject(Buffer.concat(this.#beginning).toString())
    return value && isError(value) ? 'own_error' : 'whole'
  }
}

/** A reply of OpenAI's Responses has an `error` that is null. */
const isError = (value: Record<string, unknown>): boolean => value['error'] != null

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
