import type { Exchange } from './exchange.ts'

/**
 * How an answer ended that arrived in full, as far as HTTP can tell.
 * `whole`: it says itself that it is complete. `own_error`: it ends with the target's own error line.
 * `cut_short`: neither, so it is no answer. `unknown`: not in a form that could say.
 */
export type Completeness = 'whole' | 'own_error' | 'cut_short' | 'unknown'

export interface AnswerCheck {
  /** Takes the next bytes of the body. Keeps one line of them at the most. */
  push(bytes: Uint8Array): void
  /** The verdict, at the end of the body. */
  end(): Completeness
}

const LINE_FEED = 0x0a

/** @param headers of the answer: its content type says in which way it ends */
export const checkAnswer = (headers: Exchange['headers']): AnswerCheck => {
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  if (contentType.startsWith('application/x-ndjson')) return new LinesCheck()
  if (contentType.startsWith('application/json')) return new JsonCheck()
  return { push: () => undefined, end: () => 'unknown' }
}

class LinesCheck implements AnswerCheck {
  /** The last line so far, whole or not. */
  #line: Uint8Array[] = []
  #lineIsWhole = false

  push(bytes: Uint8Array): void {
    let rest = bytes
    for (let feed = rest.indexOf(LINE_FEED); feed !== -1; feed = rest.indexOf(LINE_FEED)) {
      this.#add(rest.subarray(0, feed))
      this.#lineIsWhole = true
      rest = rest.subarray(feed + 1)
    }
    if (rest.byteLength > 0) this.#add(rest)
  }

  #add(bytes: Uint8Array): void {
    if (this.#lineIsWhole) this.#line = []
    this.#lineIsWhole = false
    this.#line.push(bytes)
  }

  end(): Completeness {
    const last = parseObject(Buffer.concat(this.#line).toString())
    if (last?.['done'] === true || last?.['status'] === 'success') return 'whole'
    return last && 'error' in last ? 'own_error' : 'cut_short'
  }
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The body may be too long to be parsed: its first and its last byte tell enough. */
class JsonCheck implements AnswerCheck {
  #first: number | undefined
  #last: number | undefined

  push(bytes: Uint8Array): void {
    const isText = (byte: number) => byte > 0x20
    this.#first ??= bytes.find(isText)
    this.#last = bytes.findLast(isText) ?? this.#last
  }

  end(): Completeness {
    return this.#first === OPEN_BRACE && this.#last === CLOSE_BRACE ? 'whole' : 'cut_short'
  }
}

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
