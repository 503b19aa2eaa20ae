/** A form's small fields. */
export interface FormReader {
  readonly contentType: string
  readonly body: Buffer
  /** The names of the fields to read. */
  readonly wanted: readonly string[]
}

/** Go reads no more parts. */
export const MAX_PARTS = 1_000
const MAX_BOUNDARY_LENGTH = 200
export const MAX_PART_HEADER_BYTES = 8 * 1024
const MAX_VALUE_BYTES = 64 * 1024
/** The search for a boundary lets others have a turn after so many bytes. */
const SLICE_BYTES = 4 * 1024 * 1024

const CRLF_TWICE = '\r\n\r\n'

/**
 * Reads some fields of a `multipart/form-data` body. Of a repeated field it reads the first one, as Go does. It copies
 * and decodes nothing else, so a file can be as long as the body.
 *
 * @returns undefined for a body that is no such form, or is written in a way in which parsers read it differently. Those
 * that programs send are read.
 */
export const formFields = async ({
  contentType,
  body,
  wanted,
}: FormReader): Promise<ReadonlyMap<string, string> | undefined> => {
  const boundary = boundaryIn(contentType)
  if (boundary === undefined) return undefined
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const first = delimiter.subarray(2)
  if (!body.subarray(0, first.byteLength).equals(first)) return undefined
  const fields = new Map<string, string>()
  let at = first.byteLength
  for (let parts = 0; parts < MAX_PARTS; parts++) {
    const line = delimiterEnd(body, at)
    if (line === undefined || line === 'data') return undefined
    if (line === 'last') return fields
    const header = partHeader(body, line)
    if (!header) return undefined
    const next = await nextDelimiter(body, header.end - 2, delimiter)
    if (next === undefined) return undefined
    if (wanted.includes(header.name)) {
      const value = body.subarray(header.end, Math.max(header.end, next))
      if (!header.isPlainField || value.byteLength > MAX_VALUE_BYTES) return undefined
      if (!fields.has(header.name)) fields.set(header.name, value.toString())
    }
    at = next + delimiter.byteLength
  }
  return undefined
}

/**
 * What stands between the boundaries of a form. A program that sends a form again often takes another boundary; its pieces
 * stay the same.
 */
export const formPieces = async (contentType: string, body: Buffer): Promise<readonly Buffer[]> => {
  const boundary = boundaryIn(contentType)
  if (boundary === undefined) return [body]
  const mark = Buffer.from(`--${boundary}`)
  const pieces: Buffer[] = []
  let at = 0
  while (pieces.length < MAX_PARTS) {
    const next = await find(body, at, mark)
    if (next === undefined) break
    pieces.push(body.subarray(at, next))
    at = next + mark.byteLength
  }
  return [...pieces, body.subarray(at)]
}

export const boundaryIn = (contentType: string): string | undefined => {
  const { type, params } = withParameters(contentType) ?? {}
  const boundary = params?.get('boundary') ?? ''
  const isUsual = /^[\x20-\x5b\x5d-\x7e]+$/.test(boundary) && boundary.length <= MAX_BOUNDARY_LENGTH
  const hasContinuations = [...(params?.keys() ?? [])].some(name => name.includes('*'))
  return type === 'multipart/form-data' && isUsual && !hasContinuations ? boundary : undefined
}

/** What follows a boundary: the place after its line, the end of the form, or that it is a part of the data. */
export const delimiterEnd = (body: Buffer, at: number): number | 'last' | 'data' | undefined => {
  const rest = body.toString('latin1', at, at + MAX_BOUNDARY_LENGTH)
  const line = /^[ \t]*\r\n/.exec(rest)
  if (line) return at + line[0].length
  if (/^--[ \t]*(?:\r\n|$)/.test(rest)) return 'last'
  return /^(?:[ \t\r\n]|--|$)/.test(rest) ? undefined : 'data'
}

const nextDelimiter = async (body: Buffer, from: number, delimiter: Buffer): Promise<number | undefined> => {
  let at = from
  for (let tries = 0; tries < MAX_PARTS; tries++) {
    const found = await find(body, at, delimiter)
    if (found === undefined || delimiterEnd(body, found + delimiter.byteLength) !== 'data') return found
    at = found + 1
  }
  return undefined
}

const find = async (body: Buffer, from: number, bytes: Buffer): Promise<number | undefined> => {
  for (let start = from; start < body.byteLength; start += SLICE_BYTES) {
    const found = body.subarray(start, start + SLICE_BYTES + bytes.byteLength - 1).indexOf(bytes)
    if (found !== -1) return start + found
    await new Promise(resolve => setTimeout(resolve))
  }
  return undefined
}

interface PartHeader {
  readonly name: string
  /** It has a name and nothing else: it is no file, and its value is not encoded. */
  readonly isPlainField: boolean
  /** The name of its file. */
  readonly filename: string | undefined
  /** The place after the header. */
  readonly end: number
}

export const partHeader = (body: Buffer, at: number): PartHeader | undefined => {
  const text = body.toString('latin1', at, at + MAX_PART_HEADER_BYTES)
  const length = text.indexOf(CRLF_TWICE)
  const lines = text.slice(0, length).split('\r\n')
  // No line may continue another one, nor hold a line feed of its own.
  if (length === -1 || !lines.every(line => /^[\w-]+:[^\r\n]*$/.test(line))) return undefined
  const valuesOf = (name: string) =>
    lines
      .filter(line => line.toLowerCase().startsWith(`${name}:`))
      .map(line => line.slice(name.length + 1).trim())
  const [disposition, ...others] = valuesOf('content-disposition')
  const { type, params } = withParameters(disposition ?? '') ?? {}
  if (type !== 'form-data' || !params || others.length > 0) return undefined
  const name = params.get('name')
  if (name === undefined || name.includes('\\') || params.has('name*')) return undefined
  const isEncoded = valuesOf('content-transfer-encoding').some(each => !/^(?:7bit|8bit|binary)$/i.test(each))
  const filename = params.get('filename')
  return {
    name,
    isPlainField: params.size === 1 && !isEncoded,
    // Programs write it in UTF-8.
    filename: filename === undefined ? undefined : Buffer.from(filename, 'latin1').toString(),
    end: at + length + CRLF_TWICE.length,
  }
}

const TYPE = /^[ \t]*([\w/-]+)[ \t]*/y
const PARAMETER =
  /[ \t]*;[ \t]*([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~-]+))/y
const END = /[ \t]*;?[ \t]*$/y

/** A value such as `form-data; name="model"`. The parameters stay escaped. */
const withParameters = (text: string): { type: string; params: Map<string, string> } | undefined => {
  TYPE.lastIndex = 0
  const type = TYPE.exec(text)?.[1]
  if (type === undefined) return undefined
  const params = new Map<string, string>()
  let at = TYPE.lastIndex
  for (;;) {
    PARAMETER.lastIndex = at
    const match = PARAMETER.exec(text)
    if (!match) break
    const [, name = '', quoted, token] = match
    const key = name.toLowerCase()
    if (params.has(key)) return undefined
    params.set(key, quoted ?? token ?? '')
    at = PARAMETER.lastIndex
  }
  END.lastIndex = at
  return END.test(text) ? { type: type.toLowerCase(), params } : undefined
}
