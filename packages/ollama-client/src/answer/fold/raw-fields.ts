import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../../wire/json-characters.ts'
import { JsonScan } from '../json-scan.ts'

/** An object has at most this many fields, and a list of objects this many objects. Each takes far more memory than bytes. */
export const MAX_ENTRIES = 10_000

/**
 * The fields of an object, each value as the JSON text that it is in the answer. A value that is never parsed keeps its
 * digits: 1234567890123456789 is not rounded, and 1.0 does not become 1.
 */
export type RawFields = ReadonlyMap<string, string>

/** Something in an answer nests too deep, is too long or has too many parts. */
export class OutOfBoundsError extends Error {
  override readonly name = 'OutOfBoundsError'
}

const NO_FIELDS: RawFields = new Map()

/**
 * Whether a text is a JSON object.
 *
 * @throws OutOfBoundsError when the text nests too deep
 */
export const isObjectText = (text: string): boolean => {
  const scan = new JsonScan()
  scan.push(text)
  const verdict = scan.verdict()
  if (verdict === 'too_deep') throw new OutOfBoundsError('the text nests too deep')
  return verdict === 'object'
}

/**
 * Reads a JSON object. Of a field that comes twice the last value counts, as in JSON.parse.
 *
 * @returns undefined for what is not a JSON object
 * @throws OutOfBoundsError when the object nests too deep or has too many fields
 */
export const readObject = (text: string): RawFields | undefined =>
  isObjectText(text) ? fieldsOf(text) : undefined

/** The object in a field, or an empty one when the field has none. */
export const objectIn = (fields: RawFields, name: string): RawFields =>
  objectAt(fields.get(name)) ?? NO_FIELDS

/** The object that a JSON text is, undefined when it is something else. */
export const objectAt = (text: string | undefined): RawFields | undefined =>
  text?.charCodeAt(0) === OPEN_BRACE ? fieldsOf(text) : undefined

/** The objects in the list in a field. Other elements are left out. Undefined when the field has no list. */
export const objectsIn = (fields: RawFields, name: string): RawFields[] | undefined => {
  const text = fields.get(name)
  if (text?.charCodeAt(0) !== OPEN_BRACKET) return undefined
  const objects: RawFields[] = []
  for (let at = valueStart(text, 1); text.charCodeAt(at) !== CLOSE_BRACKET; at = nextEntry(text, at)) {
    const end = valueEnd(text, at)
    const object = objectAt(text.slice(at, end))
    if (object && objects.push(object) > MAX_ENTRIES) throw new OutOfBoundsError('the list is too long')
    at = end
  }
  return objects
}

/** The text in a field, or an empty text when the field has none. */
export const textIn = (fields: RawFields, name: string): string => {
  const text = fields.get(name)
  return text?.charCodeAt(0) === QUOTE ? (JSON.parse(text) as string) : ''
}

/** The fields of a text that has been checked: `isObjectText` is true for it, or for the text that it was cut out of. */
const fieldsOf = (text: string): RawFields => {
  const fields = new Map<string, string>()
  const begin = valueStart(text, text.indexOf('{') + 1)
  for (let at = begin; text.charCodeAt(at) !== CLOSE_BRACE; at = nextEntry(text, at)) {
    const nameEnd = stringEnd(text, at)
    const start = valueStart(text, text.indexOf(':', nameEnd) + 1)
    const end = valueEnd(text, start)
    fields.set(nameOf(text.slice(at, nameEnd)), text.slice(start, end))
    if (fields.size > MAX_ENTRIES) throw new OutOfBoundsError('the object has too many fields')
    at = end
  }
  return fields
}

const nameOf = (quoted: string): string =>
  quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)

const isSpace = (code: number): boolean => code <= 0x20

const valueStart = (text: string, from: number): number => {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

/** From the end of a value to the next entry, or to the bracket that closes the list or object. */
const nextEntry = (text: string, end: number): number => {
  const at = valueStart(text, end)
  return text.charCodeAt(at) === COMMA ? valueStart(text, at + 1) : at
}

const valueEnd = (text: string, start: number): number => {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return stringEnd(text, start)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return bracketsEnd(text, start)
  let at = start
  for (let code = first; !isSpace(code) && code !== COMMA && code !== CLOSE_BRACE && code !== CLOSE_BRACKET;)
    code = text.charCodeAt(++at)
  return at
}

const bracketsEnd = (text: string, start: number): number => {
  let depth = 0
  for (let at = start; ; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at) - 1
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) return at + 1
  }
}

/** The position behind the closing quote. */
const stringEnd = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    // An even number of backslashes: they escape each other, and not the quote.
    if ((end - before) % 2 === 1) return end + 1
  }
}
