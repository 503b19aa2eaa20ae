/** What moves the cursor, changes the terminal, or shows text in another order than it has. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const PICTURES = 0x2400
const PICTURE_OF_DEL = '\u2421'
const REPLACEMENT = '\ufffd'

/** What is shown in place of a character that a terminal would obey. */
const shown = (character: string): string => {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(PICTURES + code)
  return code === 0x7f ? PICTURE_OF_DEL : REPLACEMENT
}

/**
 * Text of others as a terminal may show it: its line feeds and tabs are kept, all else that a terminal obeys is shown as a picture.
 *
 * @example
 * safeText('\u001b[2J gone') // '␛[2J gone'
 */
export const safeText = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(UNSAFE, character => (character === '\n' || character === '\t' ? character : shown(character)))

/** The same for text that has to stay on its line, such as a name. */
export const safeLine = (text: string): string => text.replace(UNSAFE, shown)

/** A value as JSON on one line, which a terminal may show. It is the same value. */
export const safeJson = (value: unknown): string => escapeJson(JSON.stringify(value))

/** JSON of others as a terminal may show it. It is the same value. */
export const escapeJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
