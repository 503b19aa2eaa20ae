import { JsonNumber, JsonObject, type JsonValue } from './json-value.ts'

/** Thrown with the text that Go's encoding/json would give. */
class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
}

const MAX_DEPTH = 10_000
const QUOTE = 0x22
const BACKSLASH = 0x5c

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39
const isHex = (byte: number) => /[0-9a-fA-F]/.test(String.fromCharCode(byte))

/** A byte as Go quotes it in `invalid character '…'`. */
const quoteByte = (byte: number): string => {
  if (byte === 0x27) return String.raw`'\''`
  if (byte === BACKSLASH) return String.raw`'\\'`
  const named = new Map([[7, 'a'], [8, 'b'], [9, 't'], [10, 'n'], [11, 'v'], [12, 'f'], [13, 'r']]).get(byte) // prettier-ignore
  if (named !== undefined) return `'\\${named}'`
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`
  if ((byte >= 0x80 && byte <= 0xa0) || byte === 0xad) return `'\\u${byte.toString(16).padStart(4, '0')}'`
  return `'${String.fromCharCode(byte)}'`
}

type Container = { object: JsonObject; name: string } | { array: JsonValue[] }

/**
 * Reads the first JSON value of a body and ignores whatever follows it, as Ollama does.
 * Without recursion, because Go takes a nesting of 10,000. Throws JsonSyntaxError; its text is `EOF` when there is no value.
 */
export const readFirstValue = (bytes: Buffer): JsonValue => {
  const stack: Container[] = []
  let at = 0

  const fail = (context: string): never => {
    const byte = bytes[at]
    if (byte === undefined) throw new JsonSyntaxError('unexpected EOF')
    throw new JsonSyntaxError(`invalid character ${quoteByte(byte)} ${context}`)
  }
  const skipSpace = () => {
    while (isSpace(bytes[at])) at++
  }

  const readString = (): string => {
    const start = at++
    let plain = true
    for (;;) {
      const byte = bytes[at]
      if (byte === QUOTE) break
      if (byte === undefined || byte < 0x20) fail('in string literal')
      at++
      if (byte !== BACKSLASH) continue
      plain = false
      const escape = bytes[at]
      if (escape === undefined || !'"\\/bfnrtu'.includes(String.fromCharCode(escape))) {
        fail('in string escape code')
      }
      at++
      for (let digits = 0; escape === 0x75 && digits < 4; digits++, at++) {
        const digit = bytes[at]
        if (digit === undefined || !isHex(digit)) fail(String.raw`in \u hexadecimal character escape`)
      }
    }
    at++
    if (plain) return bytes.toString('utf8', start + 1, at - 1)
    return (JSON.parse(bytes.toString('utf8', start, at)) as string).toWellFormed()
  }

  const readNumber = (): JsonNumber => {
    const start = at
    const digits = (context: string) => {
      if (!isDigit(bytes[at])) fail(context)
      while (isDigit(bytes[at])) at++
    }
    if (bytes[at] === 0x2d) at++
    if (bytes[at] === 0x30) at++
    else digits('in numeric literal')
    if (bytes[at] === 0x2e) {
      at++
      digits('after decimal point in numeric literal')
    }
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at++
      if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++
      digits('in exponent of numeric literal')
    }
    return new JsonNumber(bytes.toString('latin1', start, at))
  }

  const readLiteral = <T>(word: string, value: T): T => {
    at++
    for (const letter of word.slice(1)) {
      if (bytes[at] !== letter.charCodeAt(0)) fail(`in literal ${word} (expecting '${letter}')`)
      at++
    }
    return value
  }

  const readName = (open: { name: string }) => {
    skipSpace()
    if (bytes[at] !== QUOTE) fail('looking for beginning of object key string')
    open.name = readString()
    skipSpace()
    if (bytes[at] !== 0x3a) fail('after object key')
    at++
  }

  const push = (open: Container) => {
    if (stack.length >= MAX_DEPTH) fail('exceeded max depth')
    stack.push(open)
    at++
    skipSpace()
  }

  for (;;) {
    skipSpace()
    const byte = bytes[at]
    let value: JsonValue
    if (byte === undefined) {
      if (stack.length === 0) throw new JsonSyntaxError('EOF')
      fail('')
    }
    if (byte === 0x7b) {
      const open = { object: new JsonObject(), name: '' }
      push(open)
      if (bytes[at] !== 0x7d) {
        readName(open)
        continue
      }
      at++
      stack.pop()
      value = open.object
    } else if (byte === 0x5b) {
      const open = { array: [] }
      push(open)
      if (bytes[at] !== 0x5d) continue
      at++
      stack.pop()
      value = open.array
    } else if (byte === QUOTE) value = readString()
    else if (byte === 0x2d || isDigit(byte)) value = readNumber()
    else if (byte === 0x74) value = readLiteral('true', true)
    else if (byte === 0x66) value = readLiteral('false', false)
    else if (byte === 0x6e) value = readLiteral('null', null)
    else value = fail('looking for beginning of value')

    // The value is whole: put it where it belongs, and close what it completes.
    for (;;) {
      const open = stack.at(-1)
      if (open === undefined) return value
      skipSpace()
      if ('array' in open) {
        open.array.push(value)
        if (bytes[at] === 0x2c) break
        if (bytes[at] !== 0x5d) fail('after array element')
        value = open.array
      } else {
        open.object.entries.push([open.name, value])
        if (bytes[at] === 0x2c) break
        if (bytes[at] !== 0x7d) fail('after object key:value pair')
        value = open.object
      }
      at++
      stack.pop()
    }
    at++
    const open = stack.at(-1)
    if (open !== undefined && 'object' in open) readName(open)
  }
}
