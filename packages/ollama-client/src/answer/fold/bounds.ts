import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from '../../wire/json-characters.ts'
import { type Fields, parseObject } from './fields.ts'

/** `JSON.stringify` calls itself for each level, and overflows the stack at a few thousand. */
export const MAX_DEPTH = 500
/** Each object, list and field takes many times the memory of its few bytes. */
export const MAX_PARTS = 2_000_000

/**
 * Whether a JSON text nests at most `MAX_DEPTH` levels and has at most `MAX_PARTS` objects, lists and fields. Then it
 * can be parsed and written anew. Reads the text without parsing it, and does not ask whether it is JSON.
 */
export const isWithinBounds = (text: string): boolean => {
  let depth = 0
  let parts = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at)
        break
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++
        parts++
        if (depth > MAX_DEPTH || parts > MAX_PARTS) return false
        break
      case COLON:
        if (++parts > MAX_PARTS) return false
        break
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--
    }
  }
  return true
}

/** A JSON text that nests too deep, or has too many parts, to be parsed and written anew. */
export class OutOfBoundsError extends Error {
  override readonly name = 'OutOfBoundsError'
}

/**
 * As `parseObject`, for what is going to be written anew.
 *
 * @throws OutOfBoundsError when the text nests deeper than `MAX_DEPTH` or has more than `MAX_PARTS` parts
 */
export const parseWithinBounds = (text: string): Fields | undefined => {
  if (!isWithinBounds(text)) throw new OutOfBoundsError('the answer nests too deep or has too many fields')
  return parseObject(text)
}

/** Where the closing quote of a string is, or the end of the text. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    // An even number of backslashes: they escape each other, and not the quote.
    if ((end - before) % 2 === 1) return end
  }
  return text.length
}
