/**
 * Finds the top-level fields of a JSON object as Go's encoding/json does, because Ollama reads a request with it. Only the
 * first value in the body counts, names match without regard to case, and a name may come more than once.
 */

import { type Steps, runSteps } from '../steps.ts'
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './json-characters.ts'
import { isSpace } from './json-characters.ts'
import { ValueReader } from './json-value-reader.ts'

/** How much is read between two pauses. It takes about 2 ms at the most. */
const STEP_BYTES = 128 * 1024

/**
 * Finds the values of some fields without parsing the rest, so that a body of hundreds of megabytes costs one pass
 * over its bytes and no memory. It accepts everything that Go accepts, and some bodies that Go refuses. Ollama decides about
 * a body that it accepts, and would also refuse a body that it refuses.
 *
 * @param wanted names in lower case ASCII
 * @param onField gets the raw bytes of each wanted field's value, in order
 * @returns whether the body begins with a complete JSON object. If not, ignore what `onField` got
 */
export const jsonFieldsInSteps = function* <Name extends string>(
  body: Buffer,
  wanted: readonly Name[],
  onField: (name: Name, value: Buffer) => void,
): Steps<boolean> {
  const nameAt = nameMatcher(wanted)
  const reader = new ValueReader(body)
  let pauseAt = STEP_BYTES
  let at = skipSpace(body, 0)
  if (body[at] !== OPEN_BRACE) return false
  at = skipSpace(body, at + 1)
  if (body[at] === CLOSE_BRACE) return true
  for (;;) {
    for (reader.begin(at); !reader.readUntil(pauseAt); pauseAt = reader.at + STEP_BYTES) yield
    if (reader.isBroken || body[reader.start] !== QUOTE || body[reader.at] !== COLON) return false
    const name = nameAt(body, reader.start + 1, reader.end - 1)
    for (reader.begin(reader.at + 1); !reader.readUntil(pauseAt); pauseAt = reader.at + STEP_BYTES) yield
    if (reader.isBroken) return false
    if (name !== undefined) onField(name, body.subarray(reader.start, reader.end))
    if (body[reader.at] === CLOSE_BRACE) return true
    if (body[reader.at] !== COMMA) return false
    at = reader.at + 1
  }
}

/** `jsonFieldsInSteps` without a pause. */
export const jsonFields = <Name extends string>(
  body: Buffer,
  wanted: readonly Name[],
  onField: (name: Name, value: Buffer) => void,
): boolean => runSteps(jsonFieldsInSteps(body, wanted, onField))

/**
 * Yields the raw elements of a JSON array, without parsing them, and undefined where the work may pause.
 *
 * @returns whether the body is one complete array. If not, ignore the elements that were yielded
 */
export const jsonElements = function* (body: Buffer): Generator<Buffer | undefined, boolean, undefined> {
  const reader = new ValueReader(body)
  let pauseAt = STEP_BYTES
  let at = skipSpace(body, 0)
  if (body[at] !== OPEN_BRACKET) return false
  at = skipSpace(body, at + 1)
  if (body[at] === CLOSE_BRACKET) return skipSpace(body, at + 1) === body.length
  for (;;) {
    for (reader.begin(at); !reader.readUntil(pauseAt); pauseAt = reader.at + STEP_BYTES) yield undefined
    if (reader.isBroken) return false
    yield body.subarray(reader.start, reader.end)
    if (body[reader.at] === CLOSE_BRACKET) return skipSpace(body, reader.at + 1) === body.length
    if (body[reader.at] !== COMMA) return false
    at = reader.at + 1
  }
}

/** A body can have millions of names, so the check that a name is not wanted must be very cheap. */
const nameMatcher = <Name extends string>(wanted: readonly Name[]) => {
  const longest = Math.max(0, ...wanted.map(name => name.length))
  const letters = Buffer.alloc(longest)
  const byLength = Array.from({ length: longest + 1 }, (_, length) =>
    wanted.filter(name => name.length === length),
  )
  const isRead = (name: string): boolean => {
    for (let at = 0; at < name.length; at++) if (name.charCodeAt(at) !== letters[at]) return false
    return true
  }
  /** Finds the wanted name between the quotes. Returns undefined when the name there is not wanted. */
  return (body: Buffer, start: number, end: number): Name | undefined => {
    let length = 0
    for (let at = start; at < end; at += letterBytes(body, at)) {
      const letter = length < longest ? letterAt(body, at) : undefined
      if (letter === undefined) return undefined
      letters[length++] = letter
    }
    return byLength[length]?.find(isRead)
  }
}

const isLongS = (body: Buffer, at: number): boolean => body[at] === 0xc5 && body[at + 1] === 0xbf
const isKelvin = (body: Buffer, at: number): boolean =>
  body[at] === 0xe2 && body[at + 1] === 0x84 && body[at + 2] === 0xaa

const letterBytes = (body: Buffer, at: number): number => {
  if (body[at] === BACKSLASH) return 6
  if (isLongS(body, at)) return 2
  return isKelvin(body, at) ? 3 : 1
}

/** The letter in lower case ASCII, or undefined for a character that no wanted name can contain. */
const letterAt = (body: Buffer, at: number): number | undefined => {
  if (isLongS(body, at)) return fold(LONG_S)
  if (isKelvin(body, at)) return fold(KELVIN)
  return fold(body[at] === BACKSLASH ? escapedCode(body, at) : body[at])
}

const LONG_S = 0x017f
const KELVIN = 0x212a

/** Go takes two letters outside ASCII for ASCII letters when it ignores case. */
const fold = (code: number | undefined): number | undefined => {
  if (code === undefined || code < 0x41) return code
  if (code <= 0x5a) return code + 0x20
  if (code === LONG_S) return 0x73
  if (code === KELVIN) return 0x6b
  return code < 0x80 ? code : undefined
}

/** The code of `\uXXXX`. The other escapes do not stand for letters. */
const escapedCode = (body: Buffer, at: number): number | undefined => {
  if (body[at + 1] !== 0x75) return undefined
  let code = 0
  for (let place = at + 2; place < at + 6; place++) code = code * 16 + hexDigit(body[place])
  return Number.isNaN(code) ? undefined : code
}

const hexDigit = (byte = 0): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN
}

const skipSpace = (body: Buffer, at: number): number => {
  while (isSpace(body[at])) at++
  return at
}
