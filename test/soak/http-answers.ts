/** One answer in the bytes of a connection. */
export interface WireAnswer {
  readonly status: number
  /** By lower-case name; the last line of a repeated header. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Whether its own framing says that it has ended. */
  readonly isComplete: boolean
}

/** The bytes on a connection are no HTTP answer. */
export class NotHttpError extends Error {
  override readonly name = 'NotHttpError'
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const SHOWN_BYTES = 80

/**
 * The answers in everything that came on a connection until it closed, without provisional ones (1xx).
 *
 * @throws NotHttpError when something else is among them
 */
export const answersIn = (bytes: Buffer): readonly WireAnswer[] => {
  const answers: WireAnswer[] = []
  let rest = bytes
  while (rest.length > 0) {
    const [answer, next] = firstAnswer(rest)
    rest = next
    if (answer.status >= 200) answers.push(answer)
  }
  return answers
}

const shown = (bytes: Buffer): string => JSON.stringify(bytes.subarray(0, SHOWN_BYTES).toString('latin1'))

const firstAnswer = (bytes: Buffer): [answer: WireAnswer, rest: Buffer] => {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd < 0) throw new NotHttpError(`no whole head: ${shown(bytes)}`)
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 ([1-9]\d\d)(?: |$)/.exec(first)?.[1])
  if (Number.isNaN(status)) throw new NotHttpError(`no status line: ${shown(bytes)}`)
  const headers = new Map(
    lines.map(line => {
      const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/.exec(line) ?? []
      if (name === undefined || value === undefined) throw new NotHttpError(`no header: ${line}`)
      return [name.toLowerCase(), value]
    }),
  )
  const [body, isComplete, rest] = bodyIn(bytes.subarray(headEnd + HEAD_END.length), status, headers)
  return [{ status, headers, body, isComplete }, rest]
}

type Framed = [body: Buffer, isComplete: boolean, rest: Buffer]

const NOTHING = Buffer.alloc(0)

const bodyIn = (bytes: Buffer, status: number, headers: WireAnswer['headers']): Framed => {
  if (status < 200 || status === 204 || status === 304) return [NOTHING, true, bytes]
  if (headers.get('transfer-encoding') === 'chunked') return chunksIn(bytes)
  const length = headers.get('content-length')
  // Until the connection closes.
  if (length === undefined) return [bytes, true, NOTHING]
  const end = Number(length)
  return [bytes.subarray(0, end), bytes.length >= end, bytes.subarray(end)]
}

const chunksIn = (bytes: Buffer): Framed => {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf(LINE_END, at)
    if (lineEnd < 0) return [Buffer.concat(chunks), false, NOTHING]
    const line = bytes.toString('latin1', at, lineEnd)
    if (!/^[\da-f]+$/i.test(line)) throw new NotHttpError(`no chunk size: ${line.slice(0, SHOWN_BYTES)}`)
    const size = Number.parseInt(line, 16)
    const start = lineEnd + LINE_END.length
    if (size === 0) return afterLastChunk(bytes, start, chunks)
    chunks.push(bytes.subarray(start, start + size))
    at = start + size + LINE_END.length
    if (at > bytes.length) return [Buffer.concat(chunks), false, NOTHING]
  }
}

/** foreman sends no trailers. */
const afterLastChunk = (bytes: Buffer, at: number, chunks: readonly Buffer[]): Framed => {
  const isClosed = bytes.subarray(at, at + LINE_END.length).equals(LINE_END)
  return [Buffer.concat(chunks), isClosed, bytes.subarray(at + LINE_END.length)]
}
