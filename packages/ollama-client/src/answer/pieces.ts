import { textOf } from './bytes.ts'

/** The form of an answer: one piece per line, events with one line of data each, or one JSON value. */
export type AnswerForm = 'lines' | 'events' | 'json'

export type AnswerHeaders = readonly (readonly [name: string, value: string])[]

/** The codings in which a body is packed, in the order in which they were applied. `identity` is none. */
export const contentCodings = (headers: AnswerHeaders): string[] =>
  headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.split(','))
    .map(coding => coding.trim().toLowerCase())
    .filter(coding => coding !== '' && coding !== 'identity')

/** @returns undefined when no generating route has this content type, or when the body is packed */
export const answerForm = (headers: AnswerHeaders): AnswerForm | undefined => {
  if (contentCodings(headers).length > 0) return undefined
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1].toLowerCase() ?? ''
  if (contentType.startsWith('application/x-ndjson')) return 'lines'
  if (contentType.startsWith('text/event-stream')) return 'events'
  return contentType.startsWith('application/json') ? 'json' : undefined
}

/** Keeps bytes until there are too many. Then it keeps none. */
export class KeptBytes {
  readonly #mostBytes: number
  #chunks: Uint8Array[] = []
  #length = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  add(bytes: Uint8Array): void {
    this.#length += bytes.byteLength
    // The chunks are joined only once: to join them again for each new chunk would take quadratic time.
    if (this.#length <= this.#mostBytes) this.#chunks.push(bytes)
    else this.#chunks = []
  }

  /** @returns undefined when there were too many bytes */
  text(): string | undefined {
    return this.#length > this.#mostBytes ? undefined : textOf(this.#chunks)
  }

  get byteLength(): number {
    return this.#length
  }

  clear(): void {
    this.#chunks = []
    this.#length = 0
  }
}

const LINE_FEED = 0x0a
const DATA = 'data:'

/** Only the data lines of an event stream count. */
const eventData = (line: string): string => (line.startsWith(DATA) ? line.slice(DATA.length) : '')

/**
 * Cuts a stream into its pieces. Lines that are not pieces, such as blank lines and the names of events, are left out.
 *
 * It reads event streams by hand: Ollama writes the data of each event on one line, only these lines count here, and a line
 * that is too long must be skipped without being kept. foreman-client reads foreman's own event streams with
 * eventsource-parser (`event-stream.ts`), because it also needs their ids and names.
 */
export class PieceSplitter {
  readonly #take: (piece: string) => void
  readonly #pieceIn: (line: string) => string
  /** The line that has not ended yet. */
  readonly #line: KeptBytes

  /**
   * @param longestBytes length limit of a line; a longer one is not kept and becomes an empty piece
   * @param take gets each piece, without the space around it, when its line has ended
   */
  constructor(form: 'lines' | 'events', longestBytes: number, take: (piece: string) => void) {
    this.#pieceIn = form === 'events' ? eventData : line => line
    this.#line = new KeptBytes(longestBytes)
    this.#take = take
  }

  push(bytes: Uint8Array): void {
    let start = 0
    for (let feed = bytes.indexOf(LINE_FEED); feed !== -1; feed = bytes.indexOf(LINE_FEED, start)) {
      this.#line.add(bytes.subarray(start, feed))
      const piece = this.begun()
      this.#line.clear()
      if (piece !== undefined) this.#take(piece)
      start = feed + 1
    }
    if (start < bytes.byteLength) this.#line.add(bytes.subarray(start))
  }

  /** The length of the line that has not ended yet. */
  get begunBytes(): number {
    return this.#line.byteLength
  }

  /** The piece whose line has not ended yet, undefined when there is none. */
  begun(): string | undefined {
    const line = this.#line.text()
    if (line === undefined) return ''
    return this.#pieceIn(line).trim() || undefined
  }
}
