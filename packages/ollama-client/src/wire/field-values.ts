import type { FieldType } from './field-types.ts'
import { CLOSE_BRACKET, isSpace, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-characters.ts'
import { keepAliveSeconds } from './keep-alive.ts'

/** A switch, a number or a duration is short. A longer value is not read. */
const MAX_SCALAR_BYTES = 1024
/** How far behind its bracket the first element of a list is looked for. */
const MAX_SPACE = 64

type Kind = 'text' | 'switch' | 'number' | 'list' | 'object'

/** The kind of a JSON value by its first byte. Undefined for null, and for what is no JSON. */
const kindOf = (first: number | undefined): Kind | undefined => {
  if (first === QUOTE) return 'text'
  if (first === OPEN_BRACE) return 'object'
  if (first === OPEN_BRACKET) return 'list'
  if (first === 0x74 || first === 0x66) return 'switch'
  return first === 0x2d || (first !== undefined && first >= 0x30 && first <= 0x39) ? 'number' : undefined
}

/** A list is judged by its first element. */
const listOf = (kind: Kind) => (ofList: Kind, raw: Buffer) =>
  ofList === 'list' && [kind, undefined].includes(kindOf(firstByteIn(raw)))

const THINKING = new Set(['high', 'medium', 'low', 'max'])

const accepts: Record<FieldType, (kind: Kind, raw: Buffer) => boolean> = {
  text: kind => kind === 'text',
  switch: kind => kind === 'switch',
  // Go reads neither 1.0 nor 1e2 into an integer.
  integer: (kind, raw) => kind === 'number' && (isLong(raw) || /^-?\d+$/.test(raw.toString('latin1'))),
  number: kind => kind === 'number',
  texts: listOf('text'),
  numbers: listOf('number'),
  objects: listOf('object'),
  object: kind => kind === 'object',
  'text or list': kind => kind === 'text' || kind === 'list',
  duration: (kind, raw) =>
    kind === 'number' || (kind === 'text' && keepAliveSeconds(scalarIn(raw)) !== 'invalid'),
  thinking: (kind, raw) => {
    if (kind === 'switch') return true
    const level = scalarIn(raw)
    return kind === 'text' && (typeof level !== 'string' || THINKING.has(level))
  },
}

/** Whether Ollama refuses this value in a field of this type. False in doubt. */
export const isMistyped = (type: FieldType, raw: Buffer): boolean => {
  const kind = kindOf(raw[0])
  return kind !== undefined && !accepts[type](kind, raw)
}

const isLong = (raw: Buffer): boolean => raw.byteLength > MAX_SCALAR_BYTES

/** A JSON value; undefined when it is absent or no JSON. */
export const valueIn = (raw: Buffer | undefined): unknown => {
  if (!raw) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}

/** A boolean, a number, a text or null. Anything else is undefined, and a list of millions is not even parsed. */
export const scalarIn = (raw: Buffer | undefined): unknown => {
  const value = raw && isLong(raw) ? undefined : valueIn(raw)
  return typeof value === 'object' && value !== null ? undefined : value
}

export const isNull = (raw: Buffer): boolean => raw.byteLength === 4 && raw.toString('latin1') === 'null'

/** Whether the field has a text that is not empty. It is not parsed, because it can be as long as the body. */
export const hasText = (raw: Buffer | undefined): boolean => raw?.[0] === QUOTE && raw[1] !== QUOTE

/** The first byte of the first element of a list; undefined when there is none, or when it is far behind the bracket. */
export const firstByteIn = (raw: Buffer | undefined): number | undefined => {
  if (raw?.[0] !== OPEN_BRACKET) return undefined
  let at = 1
  while (at < MAX_SPACE && isSpace(raw[at])) at++
  return isSpace(raw[at]) || raw[at] === CLOSE_BRACKET ? undefined : raw[at]
}

/** Whether a prompt has neither text nor messages. */
export const isEmptyPrompt = (raw: Buffer | undefined): boolean =>
  raw === undefined ||
  isNull(raw) ||
  raw.equals(EMPTY_TEXT) ||
  /^\[\s*\]$/.test(raw.toString('latin1', 0, MAX_SPACE))

const EMPTY_TEXT = Buffer.from('""')
