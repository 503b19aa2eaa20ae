/**
 * The top-level fields of a JSON object as Go's encoding/json finds them, which is how Ollama reads a request:
 * the first value in the body counts and what follows it does not; names match without regard to case; a name may
 * come more than once.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Go folds these two letters outside ASCII into ASCII ones: long s and the Kelvin sign. */
const foldName = (name: string): string =>
  name.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase()

/**
 * Finds the values of some fields without parsing the rest, so that a body of hundreds of megabytes costs one pass
 * over its bytes. It takes everything that Go takes, and some that Go refuses: who it lets through is judged by
 * Ollama, who it refuses would be refused there too.
 *
 * @param wanted names in lower case
 * @returns for each wanted name that is there, its values' raw bytes in order; undefined when the body does not
 *   begin with a whole JSON object
 */
export const jsonFields = (body: Buffer, wanted: readonly string[]): Map<string, Buffer[]> | undefined => {
  const found = new Map<string, Buffer[]>()
  let at = skipSpace(body, 0)
  if (body[at] !== OPEN_BRACE) return undefined
  at = skipSpace(body, at + 1)
  if (body[at] === CLOSE_BRACE) return found
  for (;;) {
    if (body[at] !== QUOTE) return undefined
    const nameEnd = stringEnd(body, at)
    if (nameEnd === undefined) return undefined
    const rawName = body.subarray(at, nameEnd)
    at = skipSpace(body, nameEnd)
    if (body[at] !== COLON) return undefined
    const valueStart = skipSpace(body, at + 1)
    const end = valueEnd(body, valueStart)
    if (end === undefined) return undefined
    const name = nameOf(rawName)
    if (name !== undefined && wanted.includes(name)) {
      const values = found.get(name)
      const value = body.subarray(valueStart, end)
      if (values) values.push(value)
      else found.set(name, [value])
    }
    at = skipSpace(body, end)
    if (body[at] === CLOSE_BRACE) return found
    if (body[at] !== COMMA) return undefined
    at = skipSpace(body, at + 1)
  }
}

/** Longer than any name that is looked for, however it is escaped. */
const LONGEST_NAME_BYTES = 256

const nameOf = (raw: Buffer): string | undefined => {
  if (raw.byteLength > LONGEST_NAME_BYTES) return undefined
  try {
    return foldName(JSON.parse(raw.toString()) as string)
  } catch {
    return undefined
  }
}

const skipSpace = (body: Buffer, at: number): number => {
  while (isSpace(body[at])) at++
  return at
}

/** @param start of the opening quote; @returns one past the closing one */
const stringEnd = (body: Buffer, start: number): number | undefined => {
  for (let quote = body.indexOf(QUOTE, start + 1); quote !== -1; quote = body.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0
    while (body[quote - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
  return undefined
}

const valueEnd = (body: Buffer, start: number): number | undefined => {
  const first = body[start]
  if (first === QUOTE) return stringEnd(body, start)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return bracketsEnd(body, start)
  let at = start
  for (; at < body.length; at++) {
    const byte = body[at]
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte)) break
  }
  return at === start || at === body.length ? undefined : at
}

const bracketsEnd = (body: Buffer, start: number): number | undefined => {
  let depth = 0
  for (let at = start; at < body.length; at++) {
    const byte = body[at]
    if (byte === QUOTE) {
      const end = stringEnd(body, at)
      if (end === undefined) return undefined
      at = end - 1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at + 1
  }
  return undefined
}
